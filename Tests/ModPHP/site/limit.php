<?php
register_shutdown_function(function () { echo "\nshut down\n"; });
set_time_limit(1);
echo "begins";
while (true) { $x = md5((string)mt_rand()); }
