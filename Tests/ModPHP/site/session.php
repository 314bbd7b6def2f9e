<?php
session_id('modphptest' . $_GET['id']); session_start(); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1; echo $_SESSION['n'], "\n"; session_destroy();
