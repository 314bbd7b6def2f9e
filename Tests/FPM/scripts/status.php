<?php
echo json_encode(array_keys(fpm_get_status())), json_encode(array_map(gettype(...), fpm_get_status()['procs'][0])), "\n";
