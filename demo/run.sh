#!/bin/bash
# Serves the demo site on port 8080 (PORT=n for another) with PHP by martinet-fpm, as the user who calls it. Ctrl-C ends both.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
"$root/scripts/install-packages" demo
port=${PORT:-8080}
run=$here/run
mkdir -p "$run"

user=
group=
if [ "$(id -u)" = 0 ]; then
    user="User www-data"
    group="Group www-data"
    pool_user=$'user = www-data\ngroup = www-data\nlisten.owner = www-data\nlisten.group = www-data'
fi
cat >"$run/martinet-fpm.conf" <<END
[global]
error_log = $run/martinet-fpm.log
pid = $run/martinet-fpm.pid
[demo]
listen = $run/php.sock
pm = ondemand
pm.max_children = 4
${pool_user:-}
END
cat >"$run/demo.conf" <<END
ServerRoot "$run"
ServerName localhost
Listen 127.0.0.1:$port
PidFile "$run/martinet.pid"
ErrorLog "$run/error.log"
$user
$group
Define DEMO_SITE "$here/site"
Define DEMO_PHP_SOCKET "$run/php.sock"
Include "$here/demo.conf"
END

"$root/.build/release/martinet-fpm" --nodaemonize --fpm-config "$run/martinet-fpm.conf" &
fpm_pid=$!
"$root/.build/release/martinet" -d "$run" -f "$run/demo.conf" -DFOREGROUND &
martinet_pid=$!
trap 'kill $martinet_pid $fpm_pid 2>/dev/null; wait 2>/dev/null' EXIT
trap 'exit 0' INT TERM
for _ in $(seq 50); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    kill -0 $martinet_pid 2>/dev/null || { cat "$run/error.log" >&2; exit 1; }
    sleep 0.1
done
cat <<END

  Martinet serves the demo site:   http://127.0.0.1:$port/
    a PHP page                     http://127.0.0.1:$port/info.php
    a front controller             http://127.0.0.1:$port/app/hello/world   (see demo/site/app/.htaccess)
    what the server is doing       http://127.0.0.1:$port/server-status
  Configuration: demo/demo.conf    Logs: demo/run/    Ctrl-C stops it.

END
wait $martinet_pid
