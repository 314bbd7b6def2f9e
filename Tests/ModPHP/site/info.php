<?php
ob_start(); phpinfo(INFO_MODULES); $page = ob_get_clean();
preg_match('~<h2><a name="module_apache2handler".*?(?=<h2><a name="module_)~s', $page, $m);
$page = preg_replace('~<tr><td class="e">(REMOTE_PORT|PATH|Host|HTTP_HOST|SERVER_PORT|Hostname:Port|HTTP Request|Server Root|Loaded Modules|Apache Version|LD_LIBRARY_PATH) </td>.*?</tr>~s', '[$1]', $m[0] ?? 'no section');
echo $page;
