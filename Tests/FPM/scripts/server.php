<?php
header('Content-Type: text/plain');
foreach ($_SERVER as $name => $value) {
    if (in_array($name, ['REQUEST_TIME', 'REQUEST_TIME_FLOAT', 'argv', 'argc', 'USER', 'HOME'])) continue;
    echo "$name=", is_array($value) ? json_encode($value) : $value, "\n";
}
