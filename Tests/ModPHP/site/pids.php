<?php
opcache_compile_file(__DIR__ . '/hello.php'); echo opcache_get_status(false)['opcache_statistics']['num_cached_scripts'] > 0 ? getmypid() : 'none';
