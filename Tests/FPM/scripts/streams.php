<?php
stream_set_blocking(fopen('php://stdin', 'r'), false);
fwrite(fopen('php://stderr', 'w'), "to stderr without line end");
fwrite(fopen('php://stdout', 'w'), "to stdout\n");
echo strlen(stream_get_contents(fopen('php://stdin', 'r'))), "\n";
