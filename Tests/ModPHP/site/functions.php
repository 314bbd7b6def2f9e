<?php
header('Content-Type: text/plain');
var_dump(php_sapi_name(), PHP_SAPI, PHP_BINARY);
var_dump(function_exists('fastcgi_finish_request'), function_exists('pcntl_fork'), extension_loaded('apache2handler'), extension_loaded('cgi-fcgi'));
$headers = apache_request_headers();
unset($headers['Host']);
var_dump($headers, getallheaders() == apache_request_headers());
var_dump(apache_note('n'), apache_note('n', 'one'), apache_note('n', 'two'), apache_note('n'));
var_dump(apache_getenv('SERVER_NAME'), apache_getenv('NONE'), apache_setenv('MINE', 'x y'), apache_getenv('MINE'), getenv('MINE'), getenv('FROM_CONF'));
var_dump(apache_getenv('FROM_CONF', true), apache_setenv('TOP', '1', true), apache_getenv('TOP', true));
var_dump(apache_get_version(), in_array('mod_php', apache_get_modules()), in_array('core', apache_get_modules()), in_array('prefork', apache_get_modules()));
var_dump(php_ini_loaded_file(), count(array_filter(explode(',', php_ini_scanned_files()))) > 3);
var_dump(getmyuid(), getlastmod() == filemtime(__FILE__), getmyinode() == fileinode(__FILE__));
var_dump(ini_get('engine'), ini_get('xbithack'), ini_get('last_modified'), (new ReflectionFunction('virtual'))->__toString());
