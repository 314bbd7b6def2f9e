<?php
$count = (int)$_GET['n'];
$piece = (int)($_GET['piece'] ?? 0);
$text = '';
while (strlen($text) < $count) $text .= sprintf("%08d-abcdefg", strlen($text));
$text = substr($text, 0, $count);
if ($piece === 0) { echo $text; exit; }
foreach ($count ? str_split($text, $piece) : [] as $part) { echo $part; if (isset($_GET['flush'])) flush(); }
