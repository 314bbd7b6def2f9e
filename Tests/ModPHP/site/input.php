<?php
header('Content-Type: text/plain');
var_dump($_GET, $_POST, $_COOKIE, array_map(fn($f) => is_array($f['error']) ? $f['name'] : [$f['name'], $f['type'], $f['error'], $f['size'],
    $f['error'] ? '' : md5_file($f['tmp_name'])], $_FILES));
var_dump(strlen(file_get_contents('php://input')), md5(file_get_contents('php://input')), $_SERVER['REQUEST_METHOD']);
