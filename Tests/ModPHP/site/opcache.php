<?php
$s = opcache_get_status(false); var_dump($s['opcache_enabled'], $s['cache_full']);
