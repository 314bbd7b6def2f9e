<?php
ignore_user_abort(isset($_GET['ignore']));
register_shutdown_function(function () { file_put_contents($_GET['out'] ?? '/dev/null', connection_aborted() . ' ' . $GLOBALS['i']); });
for ($i = 0; $i < 400; $i++) { echo str_repeat('a', 20000); if (ob_get_level()) { ob_flush(); } flush(); usleep(5000); }
