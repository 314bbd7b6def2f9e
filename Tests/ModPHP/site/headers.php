<?php
header('X-One: 1');
header('X-One: 2', false);
header('X-Two: a');
header('X-Two: b');
header('X-Gone: x');
header_remove('X-Gone');
header('Content-Type: text/plain; charset=utf-8');
header('Cache-Control: no-store');
setcookie('a', 'b c', 0, '/');
setcookie('d', 'e');
print_r(apache_response_headers());
print_r(headers_list());
