<?php
ini_set('session.save_path', $_GET['folder']);
session_id('fixedidfortests');
session_start();
$_SESSION['count'] = ($_SESSION['count'] ?? 0) + 1;
echo $_SESSION['count'], "\n";
