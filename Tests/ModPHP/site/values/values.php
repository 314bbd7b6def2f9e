<?php
foreach (['memory_limit', 'display_errors', 'date.timezone', 'user_agent', 'arg_separator.output', 'open_basedir', 'precision', 'auto_prepend_file', 'mine'] as $n) { echo $n, '='; var_dump(ini_get($n)); }
echo 'set '; var_dump(@ini_set('memory_limit', '77M'), ini_get('memory_limit'), @ini_set('user_agent', 'x'), ini_get('user_agent'));
