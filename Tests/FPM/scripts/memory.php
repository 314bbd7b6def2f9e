<?php
if (isset($_GET['sleep'])) usleep((int)$_GET['sleep'] * 1000);
$x = str_repeat('x', 5 << 20);
header('X-Mine: value');
echo "ok\n";
