// PHP: sapi/embed/php_embed.c, sapi/fpm/fpm/fpm_main.c
import CPHPABI
import FPM
