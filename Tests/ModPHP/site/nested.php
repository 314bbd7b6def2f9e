<?php echo "nested begins\n"; virtual('/file.txt'); virtual('/inner.php'); echo "nested ends\n";
