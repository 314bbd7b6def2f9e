// What the shim's files share. PHP: main/SAPI.h, sapi/fpm/fpm/fpm_main.c
#ifndef MARTINET_SHIM_H
#define MARTINET_SHIM_H
#include <php.h>
#include <php_ini.h>
#include <php_main.h>
#include <php_output.h>
#include <php_variables.h>
#include <SAPI.h>
#include <zend_ini_scanner.h>
#include <zend_signal.h>

#include <martinet_php.h>

#if PHP_VERSION_ID < 80100
#error "PHP 8.1 is the oldest that this builds with"
#endif
#ifdef ZTS
#error "a thread-safe (ZTS) PHP has other globals and is of no use to one process for each request; build with the NTS headers"
#endif

// Values of the module's ini entries.
typedef struct shim_ini {
    bool rfc2616_headers;
    bool nph;
    bool fix_pathinfo;
    bool force_redirect;
    bool discard_path;
    bool fcgi_logging;
    char *redirect_status_env;
    char *error_header;
    char *fpm_config;
} shim_ini;

// The request that is being served; request is NULL between requests.
typedef struct shim_state {
    const martinet_php_request *request;
    // fastcgi_finish_request() was called.
    bool finished_early;
    // REQUEST_BODY_FILE: -1 not looked at, -2 none.
    int body_file;
} shim_state;

extern martinet_php_host host;
extern shim_ini php_shim_ini;
extern shim_state serving;
extern sapi_module_struct shim_sapi;
extern zend_module_entry shim_module;

// start.c
const char *shim_start(sapi_module_struct *sapi, zend_module_entry *module, const martinet_php_settings *settings);
void shim_enter_child(void);
const char *shim_setting(const char *name, size_t *length);
void shim_stop(void);

// sapi.c
void shim_log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Hands over what was written in short pieces; before the request ends. False when the client has gone.
bool output_send_pieces(void);

// environment.c
void environment_begin(const martinet_php_request *request);
void environment_end(void);
const char *environment_get(const char *name, size_t length);
// `place`: where it was last; web servers send the same variables with every request.
const char *environment_find(const char *name, size_t length, size_t *place);
#define ENVIRONMENT(name) \
    ({ \
        static size_t place; \
        environment_find(ZEND_STRL(name), &place); \
    })
void environment_hook_imports(void);
void environment_register(zval *array);
void environment_add_request_headers(zval *array);

// userini.c
void user_ini_startup(void);
void user_ini_shutdown(void);
void user_ini_activate(void);

// values.c
int value_set(const char *name, const char *value, bool admin);
void values_set(const char *values, size_t length, int admin, void *context, void (*refused)(void *, const char *));
void values_are_set(void);
void values_of_request(void);

// module.c
const char *add_records(zval *array, const char *at, const char *end);

// request.c, slowlog.c, print.c
int request_run(const martinet_php_request *request);
int slowlog_watch(int descriptor, int signal, const char *pool, int depth);
void slowlog_request_begins(void);
void slowlog_request_ends(void);
int print_what(int what);
#endif
