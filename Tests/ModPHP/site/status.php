<?php
switch ($_GET['how'] ?? '') {
    case 'code': http_response_code((int)$_GET['n']); break;
    case 'line': header('HTTP/1.1 ' . $_GET['n'] . ' Very Much'); break;
    case 'line10': header('HTTP/1.0 404 Old Style'); break;
    case 'status': header('Status: 503 Busy'); break;
    case 'location': header('Location: /hello.php'); break;
    case 'location301': header('Location: http://example.net/', true, 301); break;
    case 'www': header('WWW-Authenticate: Basic realm="x"'); break;
    case '304': http_response_code(304); header('ETag: "abc"'); break;
    case '204': http_response_code(204); break;
}
echo "body of ", $_GET['how'] ?? '', "\n";
