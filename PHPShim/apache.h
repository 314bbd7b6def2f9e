// What the files of php_module's side share. PHP: sapi/apache2handler/php_apache.h
#ifndef MARTINET_SHIM_APACHE_H
#define MARTINET_SHIM_APACHE_H
#include "shim.h"

#include <martinet_php_apache.h>

// Values of the module's ini entries.
typedef struct apache_ini {
    bool engine;
    bool xbithack;
    bool last_modified;
} apache_ini;

// What is being answered; request is NULL between requests, and another one while virtual() runs a script.
typedef struct apache_state {
    const martinet_apache_request *request;
    // The last Content-Type that the script gave.
    char *content_type;
    zend_stat_t file;
} apache_state;

extern martinet_apache_host apache_host;
extern apache_state apache_serving;
extern sapi_module_struct apache_sapi;
extern zend_module_entry apache_module;

// apache_sapi.c
void apache_output_begins(void);
// False when the client has gone.
bool apache_output_ends(void);
bool apache_output_flush(void);

// apache_run.c
void apache_run(const martinet_apache_request *request);
void apache_run_included(const martinet_apache_request *request);
#endif
