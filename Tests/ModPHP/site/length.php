<?php header('Content-Length: ' . $_GET['n']); echo str_repeat('z', (int)($_GET['m'] ?? $_GET['n'])); if (isset($_GET['flush'])) { ob_flush(); flush(); }
