<?php
foreach (['PHP_AUTH_USER', 'PHP_AUTH_PW', 'PHP_AUTH_DIGEST', 'AUTH_TYPE', 'REMOTE_USER', 'HTTP_AUTHORIZATION'] as $name) {
    var_dump($_SERVER[$name] ?? null);
}
