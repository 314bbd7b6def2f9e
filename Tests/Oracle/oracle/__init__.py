"""Black-box comparison of an httpd-compatible server with the real Apache."""
