<?php
echo shell_exec('echo from shell; exec 0<&0 && wc -c');
$process = proc_open(['cat'], [['pipe', 'r'], ['pipe', 'w'], ['file', '/dev/null', 'w']], $pipes);
fwrite($pipes[0], 'through cat');
fclose($pipes[0]);
echo stream_get_contents($pipes[1]), ' ', proc_close($process), "\n";
