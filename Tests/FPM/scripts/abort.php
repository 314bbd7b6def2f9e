<?php
ignore_user_abort(isset($_GET['ignore']));
register_shutdown_function(fn() => file_put_contents($_GET['file'], connection_status() . (connection_aborted() ? ' aborted' : '')));
for ($i = 0; $i < 200; $i++) { echo str_repeat('x', 10000); flush(); usleep(5000); }
file_put_contents($_GET['file'] . '.end', 'reached');
