<?php
echo "error page: ", http_response_code(), ' ', $_SERVER['REDIRECT_STATUS'] ?? '-', ' ', $_SERVER['REDIRECT_URL'] ?? '-', ' ', $_SERVER['REQUEST_METHOD'], "\n";
