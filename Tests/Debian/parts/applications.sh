# Debian's packages of web applications switch their configuration on through apache2-maintscript-helper.
check "the packages" apt-get -q install ./martinet_*.deb ./martinet-fpm_*.deb ./martinet-compat_*.deb
put /etc/apache2/conf-available/fqdn.conf <<<'ServerName localhost'
a2enconf -q fqdn
check "a2enmod proxy_fcgi setenvif" a2enmod proxy_fcgi setenvif
check "a2enconf php8.2-fpm" a2enconf php8.2-fpm
check "systemctl restart apache2" systemctl restart apache2
put /var/www/html/who.php <<<'<?php echo "user ", posix_getpwuid(posix_geteuid())["name"], "\n";'
debconf-set-selections <<'END'
phpsysinfo phpsysinfo/reconfigure-webserver multiselect apache2
dokuwiki dokuwiki/system/configure-webserver multiselect apache2
dokuwiki dokuwiki/system/accessible select localhost only
END
under_load "apt install dokuwiki phpsysinfo" apt-get -q install dokuwiki phpsysinfo
check "  brings no other web server" silent_about '^ii' bash -c "dpkg -l apache2 apache2-bin php8.2-fpm libapache2-mod-php8.2 php8.2-cgi 2>/dev/null"
check "dokuwiki is switched on by its package" says 'enabled by maintainer script' a2query -c dokuwiki
check "phpsysinfo too" says 'enabled by maintainer script' a2query -c 50-phpsysinfo
check "dokuwiki answers" soon says 'Debian DokuWiki' get localhost/dokuwiki/doku.php
check "  from its directory too" says "Location: .*/dokuwiki/doku.php" curl -si http://localhost/dokuwiki/
check "  and hides its tools" says "403 Forbidden" get localhost/dokuwiki/bin/
check "phpsysinfo answers" says 'phpSysInfo' get localhost/phpsysinfo/
check "  with figures" says '<Vitals' get 'localhost/phpsysinfo/xml.php'
check "extensions that came with them are in use" says '^mbstring$' bash -c "echo '<?php echo join(\"\n\", get_loaded_extensions());' >/var/www/html/e.php; curl -s http://127.0.0.1/e.php"
check "an administrator's no" a2disconf dokuwiki
check "  outlives reinstalling" apt-get -q install --reinstall dokuwiki
check "  " fails a2query -q -c dokuwiki
check "apt remove phpsysinfo" apt-get -q remove phpsysinfo
check "  switches it off" fails a2query -q -c 50-phpsysinfo
check "the server has it no more" soon says '404 Not Found' get localhost/phpsysinfo/
check "apt purge" apt-get -q purge phpsysinfo dokuwiki
check "  leaves the server running" says 'It works' get localhost/
