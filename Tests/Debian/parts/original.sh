# The commands that instructions for Apache and PHP-FPM have, with Debian 12's names, on a host that begins with prefork.
check "the packages" apt-get -q install ./martinet_*.deb ./martinet-fpm_*.deb ./martinet-compat_*.deb
check "the default page" says "It works" get localhost/
a2dismod -q mpm_event
a2enmod -q mpm_prefork
check "prefork and PHP in the server to begin with" a2enmod -q mpm_prefork php8.2
check "  starts" systemctl restart apache2
check "  is prefork" says prefork a2query -M
echo '<?php echo php_sapi_name();' >/var/www/html/sapi.php
check "  PHP is in the server" says '^apache2handler' get localhost/sapi.php
rm /var/www/html/sapi.php

check "a2dismod mpm_prefork php8.2" a2dismod mpm_prefork php8.2
check "  both are off" bash -c "! a2query -q -m mpm_prefork && ! a2query -q -m php8.2"
check "a2enmod mpm_event" a2enmod mpm_event
check "systemctl restart apache2" systemctl restart apache2
check "event" says '^event' a2query -M
check "journalctl -u apache2 -e: the name" says "apache2: Could not reliably determine the server's fully qualified domain name, using .* for ServerName\|apache2: Could not reliably determine the server's fully qualified domain name, using" \
    journalctl --no-pager -u apache2 -e
put /etc/apache2/conf-available/fqdn.conf <<<'ServerName localhost'
check "a2enconf fqdn" a2enconf fqdn
under_load "systemctl reload apache2" systemctl reload apache2
since=$(date '+%Y-%m-%d %H:%M:%S')
check "  and no complaint after it" silent_about "fully qualified" journalctl --no-pager -u apache2 --since "$since"
check "  nor in a test" silent_about "fully qualified" apache2ctl configtest

put /var/www/html/info.php <<<'<?php phpinfo(); ?>'
check "PHP is sent, not run: a white page" says '<?php phpinfo' get localhost/info.php
check "a2enmod fastcgi actions alias" a2enmod fastcgi actions alias
external() { # SUFFIX
    cat <<END
<IfModule mod_fastcgi.c>
    AddHandler php8.2-fpm .php
    Action php8.2-fpm /php8.2-fpm
    Alias /php8.2-fpm /usr/lib/cgi-bin/php8.2-fpm$1
    FastCgiExternalServer /usr/lib/cgi-bin/php8.2-fpm$1 -socket /var/run/php/php8.2-fpm$1.sock -pass-header Authorization

    <Directory /usr/lib/cgi-bin>
        AllowOverride All
        Require all granted
    </Directory>
</IfModule>
END
}
external "" | put /etc/apache2/conf-available/php8.2-fpm.conf
check "a2enconf php8.2-fpm" a2enconf php8.2-fpm
check "systemctl restart apache2" systemctl restart apache2
check "PHP is run" says '<title>PHP 8.2.* - phpinfo()</title>' get localhost/info.php
check "  behind FPM" says 'FPM/FastCGI' get localhost/info.php

check "sed on .profile" sed -i 's/#umask 022/umask 027/' /etc/skel/.profile
check "adduser myuser1" typed $'adduser myuser1\nPassw0rd-1\nPassw0rd-1\n\n\n\n\n\ny'
check "adduser www-data myuser1" adduser www-data myuser1
check "su - myuser1" typed "su - myuser1
mkdir www
echo '<?php phpinfo(); ?>' > www/info.php
exit"
check "  its files are closed to others" says '^-rw-r----- 1 myuser1 myuser1' ls -l /home/myuser1/www
put /etc/php/8.2/fpm/pool.d/myuser1.conf <<'END'
[myuser1]

user = myuser1
group = myuser1

listen = /var/run/php/php8.2-fpm_myuser1.sock

listen.owner = www-data
listen.group = www-data

pm = dynamic
pm.max_children = 5
pm.start_servers = 2
pm.min_spare_servers = 1
pm.max_spare_servers = 3

chdir = /
END
external _myuser1 | put /etc/apache2/conf-available/php8.2-fpm_myuser1.conf
put /etc/apache2/sites-available/myuser1.conf <<'END'
<VirtualHost *:80>
    ServerName myuser1.example.net

    DocumentRoot /home/myuser1/www

    <Directory /home/myuser1/www>
        AllowOverride All
        Require all granted
    </Directory>

    Include conf-available/php8.2-fpm_myuser1.conf

    ErrorLog  /home/myuser1/error.log
    CustomLog /home/myuser1/access.log combined
</VirtualHost>
END
check "a2ensite myuser1" a2ensite myuser1
under_load "systemctl reload php8.2-fpm" systemctl reload php8.2-fpm
under_load "systemctl reload apache2" systemctl reload apache2
# Homes were open to all in those days; Debian 12 makes them 0700, where Apache answers 403 as well.
check "a home of Debian 12 is closed" says '403 Forbidden' get myuser1.example.net/info.php
chmod 750 /home/myuser1
check "open to the group, it is served" soon says '<title>PHP 8.2.* - phpinfo()</title>' get myuser1.example.net/info.php
check "as its user" says 'myuser1' get myuser1.example.net/info.php
check "logs in the home" soon says 'GET /info.php' grep info.php /home/myuser1/access.log
check "the error log too" says 'Permission denied' cat /home/myuser1/error.log
