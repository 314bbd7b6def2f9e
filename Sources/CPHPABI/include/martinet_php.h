#ifndef MARTINET_PHP_H
#define MARTINET_PHP_H
// The plain-C border between the process manager and a PHP shim (PHPShim/, one shared object for each PHP version).
// No PHP type crosses it. Counts are bytes.
#include <stddef.h>
#include <stdint.h>

#define MARTINET_PHP_ABI 1
#endif
