<?php
echo shell_exec('grep SigBlk /proc/self/status'), exec('echo done'), "\n";
$program = proc_open('exec cat', [['pipe', 'r'], ['pipe', 'w']], $pipes);
fwrite($pipes[0], 'through a program'); fclose($pipes[0]);
echo stream_get_contents($pipes[1]), proc_close($program), "\n";
$program = proc_open(['sleep', '20'], [], $pipes);
proc_terminate($program);
proc_close($program);
