<?php
echo "inner of ", basename($_SERVER['SCRIPT_FILENAME']), ' ', $_GET['u'] ?? '-', "\n";
if (isset($_GET['u']) && str_contains($_GET['u'], 'exit')) exit("inner ends\n");
