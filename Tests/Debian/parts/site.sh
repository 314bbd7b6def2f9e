# martinet site: real users, real services.
check "the packages" apt-get -q install ./martinet_*.deb ./martinet-fpm_*.deb ./martinet-compat_*.deb
put /etc/apache2/conf-available/fqdn.conf <<<'ServerName localhost'
a2enconf -q fqdn
check "a2enmod proxy_fcgi" a2enmod proxy_fcgi
check "systemctl restart apache2" systemctl restart apache2
echo '127.0.0.1 one.example.net www.one.example.net two.example.net' >>/etc/hosts
under_load "site add one.example.net" martinet site add one.example.net --user myuser1 --aliases www.one.example.net
under_load "site add two.example.net" martinet site add two.example.net --user myuser2
for n in 1 2; do
    su - myuser$n -c 'echo "<?php echo \"user \", posix_getpwuid(posix_geteuid())[\"name\"], \"\n\";" >www/who.php'
done
su - myuser2 -c 'echo "<?php var_dump(@file_get_contents(\"/home/myuser1/www/who.php\"), @scandir(\"/home/myuser1\"));" >www/peep.php'
check "PHP runs as the site's user" soon says 'user myuser1' get one.example.net/who.php
check "  by its other name too" says 'user myuser1' get www.one.example.net/who.php
check "  and as the other's" soon says 'user myuser2' get two.example.net/who.php
check "who cannot look into the first one's files" silent_about 'string\|array' get two.example.net/peep.php
check "  and is told so" says 'bool(false)' get two.example.net/peep.php
check "list" says 'one.example.net' martinet site list
check "show" says 'myuser1' martinet site show one.example.net
check "doctor finds nothing" martinet site doctor one.example.net
check "both configurations hold" bash -c 'apache2ctl configtest && martinet-fpm -t --fpm-config /etc/php/8.2/fpm/php-fpm.conf'
chmod 700 /home/myuser1
check "doctor sees a closed home" fails martinet site doctor one.example.net
check "  and names it" says '/home/myuser1' martinet site doctor one.example.net
chmod 750 /home/myuser1
check "  and its cure" martinet site doctor one.example.net
# Rotation: each request of before, during and after it is in one of the two files.
log=/var/log/sites/myuser1/one.example.net-access.log
su - myuser1 -c 'echo "<?php error_log(\"noted \" . \$_SERVER[\"QUERY_STRING\"]);" >www/note.php'
get one.example.net/note.php?early >/dev/null
check "the pool's log" soon grep 'noted early' /var/log/sites/myuser1/php.log
for i in $(seq 600); do get "one.example.net/who.php?count-$i"; done >/tmp/counted 2>&1 &
counting=$!
soon grep -q count-100 $log
under_load "logrotate" logrotate -f /etc/logrotate.d/site-myuser1
wait $counting
get one.example.net/who.php?last >/dev/null
check "  the old file is there" grep -q count-1 $log.1
check "  the server writes into the new one" soon grep -q 'who.php?last' $log
check "  nothing is lost" says '^600$' bash -c "cat $log $log.1 | grep -o 'count-[0-9]*' | sort -u | wc -l"
check "  and every request was answered" says '^600$' grep -c 'user myuser1' /tmp/counted
check "  owner and mode" says '^640 root myuser1$' stat -c '%a %U %G' $log
check "  of PHP's log too" says '^640 myuser1 myuser1$' stat -c '%a %U %G' /var/log/sites/myuser1/php.log
get one.example.net/note.php?late >/dev/null
check "  into which PHP writes" soon grep 'noted late' /var/log/sites/myuser1/php.log
check "  the user can read both" su - myuser1 -c 'cat logs/one.example.net-access.log logs/one.example.net-access.log.1 logs/php.log'
check "  and write neither" fails su - myuser1 -c 'echo x >>logs/one.example.net-access.log'
check "again, with all other rules" logrotate -f /etc/logrotate.conf
check "  and it answers" soon says 'user myuser1' get one.example.net/who.php
check "  the oldest is compressed" ls $log.2.gz
check "disable" martinet site disable one.example.net
check "  it does not answer by that name" soon says 'It works' get one.example.net/
check "enable" martinet site enable one.example.net
check "  it answers again" soon says 'user myuser1' get one.example.net/who.php
under_load "remove --keep-files" martinet site remove one.example.net --keep-files
check "  keeps the files" test -e /home/myuser1/www/who.php
check "  and nothing of its configuration" bash -c '! grep -rl one.example.net /etc/apache2 /etc/php /etc/logrotate.d'
check "  the other one answers" soon says 'user myuser2' get two.example.net/who.php
check "remove --yes" martinet site remove two.example.net --yes
# HTTPS: the machine's own authority, and one that speaks ACME.
secure_line() { secure "$@" | tr '\n' ' '; }
secure() { curl -s -m 20 --cacert "$1" --resolve "${2%%/*}:443:127.0.0.1" -w ' over %{http_version}' "https://$2"; }
echo '127.0.0.1 dev.example.net three.example.net www.three.example.net' >>/etc/hosts
under_load "site add --https --ca local" martinet site add dev.example.net --user myuser3 --https --ca local
check "  answers over HTTP/2" soon says 'PHP answers as the user myuser3.* over 2$' secure_line /var/lib/martinet/ca/root.pem dev.example.net/
check "  plain requests go there" says 'Location: https://dev.example.net/a' curl -si -H 'Host: dev.example.net' http://127.0.0.1/a
check "  doctor finds nothing" soon martinet site doctor dev.example.net
check "the CA" apt-get -q install pebble ca-certificates
martinet ca issue localhost --ca /root/ca --out /root/ca >/dev/null
cp /root/ca/root.pem /usr/local/share/ca-certificates/pebble.crt && update-ca-certificates >/dev/null
cat >/root/pebble.json <<'END'
{"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000", "certificate": "/root/ca/localhost.pem",
 "privateKey": "/root/ca/localhost.key", "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false}}
END
systemd-run -q --unit=pebble -E GODEBUG=netdns=go pebble -config /root/pebble.json
check "  runs" soon curl -s -o /dev/null https://localhost:14000/dir
under_load "site add --https" martinet site add three.example.net --user myuser4 --aliases www.three.example.net --https \
    --ca https://localhost:14000/dir --contact admin@example.net --agree-tos
check "  the certificate came" says 'the certificate is there' cat /tmp/said
curl -sk https://localhost:15000/roots/0 >/root/pebble.pem
check "  answers over HTTP/2, without a reload" soon says 'PHP answers as the user myuser4.* over 2$' secure_line /root/pebble.pem three.example.net/
check "  by its other name too" says 'over 2$' secure /root/pebble.pem www.three.example.net/
check "  doctor finds nothing" martinet site doctor three.example.net
check "  its key is root's" says '^600 root$' bash -c "stat -c '%a %U' /etc/apache2/md/domains/three.example.net/privkey*.pem | sort -u"
check "  and after a restart" bash -c 'systemctl restart apache2 && martinet site doctor three.example.net'
check "remove" martinet site remove three.example.net --yes
check "remove" martinet site remove dev.example.net --yes
check "  leaves no certificate" bash -c '! ls -d /etc/ssl/martinet'
check "the server is in order" bash -c 'apache2ctl configtest && systemctl is-active apache2 php8.2-fpm'
