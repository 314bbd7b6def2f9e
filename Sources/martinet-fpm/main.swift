// PHP: sapi/fpm/fpm/fpm_main.c, main
import FPM
import PHPEngine
