<?php while (ob_get_level()) ob_end_clean(); for ($i = 0; $i < (int)$_GET['times']; $i++) echo str_repeat('y', (int)$_GET['n']); if (isset($_GET['flush'])) flush();
