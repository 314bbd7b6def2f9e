<?php
$names = array_keys(getenv());
sort($names);
echo implode(' ', array_diff($names, ['USER', 'HOME'])), "\n", getenv('MINE'), ' ', $_SERVER['MINE'] ?? '-', "\n";
echo ini_get('memory_limit'), ' ', ini_get('precision'), ' ', ini_get('date.timezone'), ' ', ini_set('memory_limit', '99M') === false ? 'locked' : 'open', "\n";
