<?php
header('X-Outer: 1');
echo "first\n";
var_dump(@virtual($_GET['u']), error_get_last()['message'] ?? null);
echo "last\n";
