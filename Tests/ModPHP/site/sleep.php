<?php
$before = microtime(true);
sleep(1);
echo round(microtime(true) - $before) == 1 ? "slept\n" : "woken\n";
