<?php
$piece = str_repeat('0123456789abcdef', 64);
for ($i = 0; $i < (int)($_GET['n'] ?? 1); $i++) { echo $piece; if (isset($_GET['flush'])) { ob_flush(); flush(); } }
