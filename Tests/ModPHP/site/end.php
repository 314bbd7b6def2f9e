<?php
register_shutdown_function(function () { echo "shut down\n"; });
echo "before\n";
switch ($_GET['how'] ?? '') {
    case 'exit': exit;
    case 'exit-text': exit("bye\n");
    case 'fatal': nothing_of_that_name();
    case 'throw': throw new RuntimeException('thrown');
    case 'parse': eval('this is no PHP');
    case 'warning': echo $undefined; break;
    case 'memory': ini_set('memory_limit', '4M'); $a = []; while (true) { $a[] = str_repeat('x', 10000); }
    case 'deep': function f($n) { return $n ? f($n - 1) + 1 : 0; } echo f(20000), "\n"; break;
    case 'error500': error_reporting(0); ini_set('display_errors', '0'); ob_end_clean(); nothing_of_that_name();
}
echo "after\n";
