<?php
echo "before\n";
switch ($_GET['do']) {
case 'exit': exit(3);
case 'text': exit('bye');
case 'fatal': undefined_function();
case 'exception': throw new RuntimeException("thrown\nsecond line");
case 'memory': ini_set('memory_limit', '8M'); $all = str_repeat('x', 1 << 26); break;
case 'time': set_time_limit(1); while (true) {}
case 'warning': echo $missing; error_log('one'); error_log('two'); break;
case 'long': error_log(str_repeat('m', 3000)); break;
case 'shutdown': register_shutdown_function(function () { error_log('late'); echo 'late'; }); break;
case 'parse': eval('this is not php'); break;
}
echo "after\n";
