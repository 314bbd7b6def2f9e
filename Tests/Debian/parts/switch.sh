# A host with Debian's apache2 and php8.2-fpm: over to Martinet and back.
check "apache2 and php8.2-fpm" apt-get -q install apache2 php8.2-fpm
a2enmod -q proxy_fcgi setenvif
a2enconf -q php8.2-fpm
echo '<?php echo $_SERVER["SERVER_SOFTWARE"], " ", realpath("/proc/" . posix_getppid() . "/exe"), "\n";' >/var/www/html/info.php
check "run" systemctl restart apache2
server() { readlink "/proc/$(systemctl show -P MainPID apache2)/exe"; }
manager() { readlink "/proc/$(systemctl show -P MainPID php8.2-fpm)/exe"; }
listening() { ss -Htlnp 'sport = :80'; }
check "Apache serves" says 'It works' get localhost/
check "martinet installs beside it" apt-get -q install ./martinet_*.deb ./martinet-fpm_*.deb
check "  and takes nothing" says '/apache2$' server
check "  not at the next start either" fails systemctl is-enabled martinet martinet-fpm
check "  its tree is used, not replaced" bash -c 'test ! -e /var/lib/martinet/tree || ! grep apache2.conf /var/lib/martinet/tree'
before=$(cd /etc/apache2 && find . -type f -exec md5sum {} + | sort)

check "martinet doctor --apache has nothing against it" says 'files: .* honoured' martinet doctor --apache /etc/apache2
echo Nonsense >/etc/apache2/conf-enabled/bad.conf
check "  and names what is not supported" says 'Nonsense' martinet doctor --apache /etc/apache2
check "a configuration that cannot be used: nothing is changed" fails martinet-takeover
check "  Apache serves" says '/apache2$' server
rm /etc/apache2/conf-enabled/bad.conf

began=$(date +%s%N)
check "martinet-takeover" martinet-takeover
echo "     took $((($(date +%s%N) - began) / 1000000)) ms"
check "  apache2.service is Martinet" says '/martinet$' server
check "  php8.2-fpm.service is martinet-fpm" says '/martinet-fpm$' manager
check "  it answers" soon says 'Apache' get localhost/info.php
check "  and a second time nothing happens" martinet-takeover
check "  the journal has it under that name" says 'Martinet' journalctl --no-pager -u apache2
under_load "  systemctl reload apache2" systemctl reload apache2
under_load "  systemctl reload php8.2-fpm" systemctl reload php8.2-fpm
under_load "  logs are rotated by Apache's own rules" logrotate -f /etc/logrotate.d/apache2
check "  and the new one is written" new_log_is_written
check "  apache2's scripts are content" apt-get -q install --reinstall apache2 php8.2-fpm
check "  and mean Martinet" says '/martinet$' server
check "  it is started at boot" says 'enabled' systemctl is-enabled apache2
check "  an upgrade goes on" apt-get -q install --reinstall ./martinet_*.deb ./martinet-fpm_*.deb
check "  serving" soon says 'It works' get localhost/

echo '<IfModule mod_fastcgi.c>
FastCgiExternalServer /usr/lib/cgi-bin/x -socket /run/php/php8.2-fpm.sock
</IfModule>' >/etc/apache2/conf-available/external.conf
began=$(date +%s%N)
check "martinet-handback, which warns of what Apache cannot do" says 'external.conf has FastCgiExternalServer' martinet-handback
echo "     took $((($(date +%s%N) - began) / 1000000)) ms"
rm /etc/apache2/conf-available/external.conf
check "  apache2.service is Apache" says '/apache2$' server
check "  php8.2-fpm.service is php-fpm" says '/php-fpm8.2$' manager
check "  it answers" soon says 'Apache' get localhost/info.php
check "  no file of the configuration differs" [ "$before" = "$(cd /etc/apache2 && find . -type f -exec md5sum {} + | sort)" ]
check "  and a second time nothing happens" martinet-handback

check "over once more" martinet-takeover
check "removing martinet gives the names back" apt-get -q remove martinet martinet-fpm
check "  to Apache" says '/apache2$' server
check "  which answers" soon says 'It works' get localhost/
check "purging" apt-get -q purge martinet martinet-fpm
check "  leaves Apache as it was" says 'It works' get localhost/
check "  and its files" bash -c 'test -d /var/log/apache2 && test -d /var/lib/apache2 && test -e /etc/php/8.2/fpm/pool.d/www.conf && test -e /usr/lib/php/8.2/sapi/fpm'
check "  and no link of ours" bash -c '! find /etc/systemd/system -lname "*martinet*" -o -name "*martinet*" | grep .'

check "over for good: apache2 removed, its configuration kept" bash -c 'apt-get -q remove apache2 apache2-bin php8.2-fpm && apt-get -q install ./martinet_*.deb ./martinet-fpm_*.deb'
check "  Martinet serves" soon says 'It works' get localhost/
check "  what Apache left rotates its logs" logrotate -f /etc/logrotate.d/apache2
check "  and the new one is written" new_log_is_written
