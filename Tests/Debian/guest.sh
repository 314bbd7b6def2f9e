# In the booted Debian: what the parts are written with, then the part. One line for each thing that must hold.
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root USER=root
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
failures=0
failed() { # NAME OUTPUT
    echo "FAIL $1"
    tail -15 <<<"$2" | sed 's/^/     /'
    failures=$((failures + 1))
}
# check NAME COMMAND...: it succeeds.
check() {
    local output
    if output=$("${@:2}" 2>&1); then echo "ok   $1"; else failed "$1" "$output"; fi
}
fails() { ! "$@"; }
# says PATTERN COMMAND...: the output has it.
says() {
    local output
    output=$("${@:2}" 2>&1)
    grep -q -- "$1" <<<"$output" || { echo "$output" && return 1; }
}
silent_about() {
    local output
    output=$("${@:2}" 2>&1)
    ! grep -q -- "$1" <<<"$output" || { echo "$output" && return 1; }
}
# soon COMMAND...: within ten seconds.
soon() {
    local output i
    for i in $(seq 40); do
        output=$("$@" 2>&1) && return 0
        sleep 0.25
    done
    echo "$output"
    return 1
}
get() { curl -s -m 20 -H "Host: ${1%%/*}" "http://127.0.0.1/${1#*/}"; }
# new_log_is_written: requests reach the log of this name. A reload goes on for a moment after the command for it.
new_log_is_written() { soon bash -c 'curl -s -o /dev/null http://127.0.0.1/after-rotation; sleep 0.2; grep after-rotation /var/log/apache2/access.log'; }
# What answers is asked while the command runs; nothing may be lost.
under_load() { # NAME COMMAND...
    local targets=() target pid output status=0
    for target in localhost/ localhost/info.php localhost/who.php myuser1.example.net/who.php; do
        [ "$(curl -s -m 20 -o /dev/null -w '%{http_code}' -H "Host: ${target%%/*}" "http://127.0.0.1/${target#*/}")" != 200 ] ||
            targets+=("$target")
    done
    python3 /test/load "${targets[@]}" >/tmp/load 2>&1 &
    pid=$!
    sleep 1
    output=$("${@:2}" 2>&1) || status=$?
    sleep 1.5
    kill -TERM $pid
    wait $pid
    if [ $status = 0 ]; then echo "ok   $1"; else failed "$1" "$output"; fi
    echo "$output" >/tmp/said
    if grep -q ', 0 lost' /tmp/load; then echo "ok   under load: $(tail -1 /tmp/load)"; else failed "under load" "$(cat /tmp/load)"; fi
}

# --- steps of the tutorials
# put PATH <CONTENT
put() { cat >"$1" && echo "ok   file $1"; }
# run <COMMANDS: as typed at root's shell; further lines of input are for the commands that ask.
run() {
    local script title
    script=$(cat)
    title=$(tr '\n' ';' <<<"${script%%$'\n#--'*}")
    : >/tmp/said
    if grep -q 'systemctl reload' <<<"$script"; then
        under_load "${title%;}" typed "$script"
    elif typed "$script" >/tmp/said 2>&1; then
        echo "ok   ${title%;}"
    else
        failed "${title%;}" "$(cat /tmp/said)"
    fi
}
typed() { printf 'set -e\n%s\n' "$1" | bash; }
see() { check "  shows: $1" grep -qF -- "$1" /tmp/said; }
unseen() { check "  does not show: $1" fails grep -qF -- "$1" /tmp/said; }

cd /debs || exit 1
printf 'APT::Get::Assume-Yes "true";\n' >/etc/apt/apt.conf.d/yes
for i in $(seq 60); do systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded|starting' && break; sleep 0.5; done
. /test/part.sh
[ $failures = 0 ] || {
    echo "--- journal"
    journalctl --no-pager -q -u 'martinet*' -u apache2 -u php8.2-fpm | tail -30
    tail -n 8 /var/log/apache2/error.log /var/log/php8.2-fpm.log
} 2>/dev/null
echo "failures: $failures"
touch /test/ended
systemctl poweroff
