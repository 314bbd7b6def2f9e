<?php
$path = substr(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), strlen('/app/'));
header('Content-Type: text/plain; charset=utf-8');
echo "This is the front controller. You asked for: $path\n\n";
foreach (['REQUEST_URI', 'SCRIPT_NAME', 'SCRIPT_FILENAME', 'PATH_INFO', 'REDIRECT_URL'] as $name) {
    printf("%-16s %s\n", $name, $_SERVER[$name] ?? '(not set)');
}
