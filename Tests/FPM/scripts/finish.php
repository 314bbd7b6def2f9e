<?php
header('X-Before: 1');
echo "early\n";
var_dump(fastcgi_finish_request());
echo "late\n";
header('X-After: 1');
file_put_contents($_GET['file'], 'went on');
