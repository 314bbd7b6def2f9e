<?php
header('Content-Type: text/plain');
echo json_encode([
    'get' => $_GET, 'post' => $_POST, 'cookie' => $_COOKIE, 'headers' => getallheaders(),
    'user' => $_SERVER['PHP_AUTH_USER'] ?? null, 'password' => $_SERVER['PHP_AUTH_PW'] ?? null,
    'digest' => $_SERVER['PHP_AUTH_DIGEST'] ?? null, 'self' => $_SERVER['PHP_SELF'],
    'path' => getenv('PATH_INFO'), 'sapi' => PHP_SAPI, 'proxy' => getenv('HTTP_PROXY'),
    'files' => array_map(fn($file) => [$file['name'], $file['size'], $file['error'],
        is_uploaded_file($file['tmp_name']) ? md5_file($file['tmp_name']) : null], $_FILES),
]), "\n";
