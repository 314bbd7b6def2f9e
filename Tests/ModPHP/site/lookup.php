<?php
foreach (['/hello.php', '/file.txt?a=b', '/missing.txt', '/input.php/more/path', '/file.txt', 'file.txt', '/denied/'] as $uri) {
    $o = @apache_lookup_uri($uri);
    if (is_object($o)) { $o = (array)$o; unset($o['request_time'], $o['mtime'], $o['clength'], $o['no_local_copy']); }
    echo $uri, ' '; var_dump($o);
}
