<?php
switch ($_GET['do']) {
case 'status': http_response_code((int)$_GET['code']); break;
case 'line': header($_GET['line']); break;
case 'protocol': header('HTTP/1.1 418 Teapot'); break;
case 'redirect': header('Location: /elsewhere'); break;
case 'cookies': setcookie('a', 'b c'); setcookie('d', 'e', ['samesite' => 'Lax', 'httponly' => true]); break;
case 'type': header('Content-Type: text/html; charset=iso-8859-1'); break;
case 'none': header_remove('X-Powered-By'); ini_set('default_mimetype', ''); break;
case 'twice': header('X-A: 1'); header('X-A: 2', false); header('X-B: 1'); header('X-B: 2'); break;
case 'long': header('Status: 201 ' . str_repeat('A', 2000)); break;
case 'notmodified': header('Content-Type: text/x'); http_response_code(304); break;
}
echo $_SERVER['REQUEST_METHOD'] === 'HEAD' ? 'unseen' : 'body';
