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
check "logs rotate" logrotate -f /etc/logrotate.conf
check "  and it answers" soon says 'user myuser1' get one.example.net/who.php
check "disable" martinet site disable one.example.net
check "  it does not answer by that name" soon says 'It works' get one.example.net/
check "enable" martinet site enable one.example.net
check "  it answers again" soon says 'user myuser1' get one.example.net/who.php
under_load "remove --keep-files" martinet site remove one.example.net --keep-files
check "  keeps the files" test -e /home/myuser1/www/who.php
check "  and nothing of its configuration" bash -c '! grep -rl one.example.net /etc/apache2 /etc/php /etc/logrotate.d'
check "  the other one answers" soon says 'user myuser2' get two.example.net/who.php
check "remove --yes" martinet site remove two.example.net --yes
check "the server is in order" bash -c 'apache2ctl configtest && systemctl is-active apache2 php8.2-fpm'
