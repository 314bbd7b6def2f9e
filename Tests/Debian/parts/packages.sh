# Installing, reinstalling, upgrading, removing and purging; rotation; bad configurations; what the units may do.
check "martinet installs" apt-get -q install ./martinet_*.deb
check "its service runs" systemctl is-active martinet
check "it answers" says "It works" get localhost/
check "systemctl edit's unit is martinet.service" says 'Id=martinet.service' systemctl show -p Id martinet
a2() { martinet-tools "$@"; }
a2 a2dismod -q mpm_event && a2 a2enmod -q mpm_prefork php8.2
check "php_module without martinet-fpm: the line and the package" \
    says 'line 2 of /etc/apache2/mods-enabled/php8.2.load: Cannot load .*: .*install the package martinet-fpm' martinet -t
a2 a2dismod -q mpm_prefork php8.2 && a2 a2enmod -q mpm_event
check "martinet-fpm installs" apt-get -q install ./martinet-fpm_*.deb
check "its service runs" systemctl is-active martinet-fpm
check "martinet-compat installs" apt-get -q install ./martinet-compat_*.deb
check "the services have Apache's and PHP's names" says 'Id=apache2.service' systemctl show -p Id martinet
check "  and run" systemctl is-active apache2 php8.2-fpm martinet martinet-fpm
check "it answers" says "It works" get localhost/
check "the journal knows it by that name" says "apache2: Could not reliably" journalctl --no-pager -u apache2
ln -s ../mods-available/php8.2.load /etc/apache2/mods-enabled/
check "php_module and threads: Apache's sentence" \
    says 'Apache is running a threaded MPM, but your PHP Module is not compiled to be threadsafe' apache2ctl configtest
check "  no reload" fails systemctl reload apache2
rm /etc/apache2/mods-enabled/php8.2.load
check "  a2enmod refuses it" fails a2enmod php8.2
check "all MPMs are there" ls /etc/apache2/mods-available/mpm_{event,worker,prefork}.load
for mpm in worker prefork event; do
    a2dismod -q -f mpm_event mpm_worker mpm_prefork >/dev/null 2>&1
    check "a2enmod mpm_$mpm" a2enmod -q mpm_$mpm
    check "  starts" systemctl restart apache2
    check "  says so" says "Server MPM: *$mpm" apache2ctl -V
    check "  answers" says "It works" get localhost/
done
cp -a /etc/apache2/mods-enabled /tmp/mods-enabled
modules=$(ls /etc/apache2/mods-available | sed -n '/^mpm_\|^php/d; s/\.load$//p')
# shellcheck disable=SC2086
check "every module of the tree can be switched on: $(wc -w <<<"$modules") modules" a2enmod -q $modules
check "  all together" says 'Syntax OK' apache2ctl configtest
rm -r /etc/apache2/mods-enabled && mv /tmp/mods-enabled /etc/apache2/mods-enabled
under_load "apache2ctl graceful" apache2ctl graceful

echo Nonsense >/etc/apache2/conf-available/bad.conf
a2enconf -q bad
check "a bad configuration is not reloaded" fails systemctl reload apache2
check "  says why" says "Invalid command 'Nonsense'" journalctl --no-pager -u apache2
check "  and the old one still answers" says "It works" get localhost/
a2disconf -q bad
check "  and a good one is" systemctl reload apache2

under_load "logs rotate" logrotate -f /etc/logrotate.conf
check "  and the new one is written" new_log_is_written

echo '--- systemd-analyze security'
systemd-analyze security --no-pager apache2.service | grep -o 'Overall exposure.*'
systemd-analyze security --no-pager php8.2-fpm.service | grep -o 'Overall exposure.*'
mkdir /tmp/real
for package in apache2 php8.2-fpm; do
    dpkg-deb -x "$(ls /pool/${package}_*.deb | tail -1)" /tmp/real
    cp /tmp/real/lib/systemd/system/$package.service /run/debian-$package.service
done
score() { systemd-analyze security --no-pager --offline=true "$1" 2>/dev/null | sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p'; }
for pair in martinet:apache2 martinet-fpm:php8.2-fpm; do
    ours=$(score /lib/systemd/system/${pair%:*}.service) theirs=$(score /run/debian-${pair#*:}.service)
    check "${pair%:*}.service $ours, Debian's ${pair#*:}.service $theirs" \
        python3 -c "import sys; sys.exit(not float('$ours') < float('$theirs'))"
done

check "reinstalling" apt-get -q install --reinstall ./martinet_*.deb ./martinet-fpm_*.deb ./martinet-compat_*.deb
check "  leaves it running" systemctl is-active apache2 php8.2-fpm
check "  answering" soon says "It works" get localhost/

# An upgrade: the same packages with a higher version.
mkdir /tmp/next
for deb in ./martinet*.deb; do
    name=$(dpkg-deb -f "$deb" Package)
    dpkg-deb -R "$deb" "/tmp/next/$name"
    sed -i 's/^Version: \(.*\)-1$/Version: \1-2/' "/tmp/next/$name/DEBIAN/control"
    dpkg-deb -b -Znone "/tmp/next/$name" "/tmp/next/$name.deb" >/dev/null
done
echo "# mine" >>/etc/apache2/ports.conf
before=$(systemctl show -P MainPID apache2)
check "upgrading" apt-get -q install /tmp/next/*.deb
check "  runs the new program" fails [ "$before" = "$(systemctl show -P MainPID apache2)" ]
check "  leaves it running" systemctl is-active apache2 php8.2-fpm
check "  answering" soon says "It works" get localhost/
check "  and what was changed by hand" grep -q '# mine' /etc/apache2/ports.conf

check "removing martinet-compat" apt-get -q remove martinet-compat
check "  gives the services their own names back" systemctl is-active martinet martinet-fpm
check "  and leaves none of the others" bash -c '! ls /etc/systemd/system/apache2.service /etc/systemd/system/php8.2-fpm.service /etc/systemd/system/multi-user.target.wants/apache2.service'
check "  answering" soon says "It works" get localhost/
check "martinet ca" martinet ca
check "removing the rest" apt-get -q remove martinet martinet-fpm
check "  ends it" fails pgrep -x martinet
check "  leaves the configuration" test -e /etc/apache2/apache2.conf
check "  and the authority" test -e /var/lib/martinet/ca/root.key
check "installing again" apt-get -q install ./martinet_*.deb
check "  makes it run again" soon says "It works" get localhost/
check "purging" apt-get -q purge martinet martinet-fpm martinet-compat
check "leaves no configuration but what was written by hand" says '^conf-available/bad.conf $' \
    bash -c "cd /etc/apache2; find . -type f -printf '%P\n' | sort | tr '\n' ' '; echo"
check "nor state, units or logs" bash -c '! ls -d /var/lib/apache2 /var/lib/martinet* /var/log/apache2 /etc/logrotate.d/martinet* /usr/lib/php/8.2/sapi/fpm /etc/php/8.2/fpm /etc/apache2/md /etc/ssl/martinet 2>/dev/null'
check "nor links of units" bash -c '! find /etc/systemd/system -name "*martinet*" -o -name "apache2*" -o -name "php8.2*" | grep .'
