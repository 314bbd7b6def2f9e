// One request in the server: its start, its script, its shutdown, and the table of functions. Every setjmp is here.
// PHP: sapi/apache2handler/sapi_apache2.c, php_handler
#include "apache.h"

#include <ext/standard/basic_functions.h>

// Newer than 8.2: the bounds of the stack are those of the thread that runs scripts.
extern void zend_call_stack_init(void) __attribute__((weak));

// php_value and its like, for this request: the end of the request puts the old values back.
static void apply_values(const martinet_apache_request *request) {
    for (const char *at = request->values, *end = at + request->values_length; at && at < end;) {
        char kind = *at++;
        const char *name = at, *value = name + strlen(name) + 1;
        zend_string *key = zend_string_init(name, strlen(name), 1);
        zend_alter_ini_entry_chars(
            key, value, strlen(value), kind == 'a' ? PHP_INI_SYSTEM : PHP_INI_PERDIR,
            kind == 'h' ? PHP_INI_STAGE_HTACCESS : PHP_INI_STAGE_ACTIVATE);
        zend_string_release_ex(key, 1);
        at = value + strlen(value) + 1;
    }
}

static void fill_request_info(const martinet_apache_request *request) {
    sapi_request_info *info = &SG(request_info);
    SG(sapi_headers).http_response_code = request->status ? request->status : 200;
    info->content_type = request->content_type;
    info->query_string = (char *)request->query;
    info->request_method = request->method;
    info->proto_num = request->protocol;
    info->request_uri = (char *)request->uri;
    info->path_translated = (char *)request->filename;
    info->content_length = request->content_length;
    php_handle_auth_data(request->authorization);
    if (!info->auth_user && request->user) {
        info->auth_user = estrdup(request->user);
    }
    if (info->auth_user) {
        apache_host.authenticated(apache_host.context, info->auth_user);
    }
}

static void show_source(const char *file) {
    zend_syntax_highlighter_ini colors;
    php_get_highlight_struct(&colors);
    highlight_file((char *)file, &colors);
}

static void execute(const martinet_apache_request *request, bool is_included) {
    if (request->handler == MARTINET_HANDLER_SOURCE) {
        show_source(request->filename);
        return;
    }
    zend_file_handle file;
    zend_stream_init_filename(&file, request->filename);
    file.primary_script = 1;
    if (is_included) {
        zend_execute_scripts(ZEND_INCLUDE, NULL, 1, &file);
    } else {
        php_execute_script(&file);
    }
    zend_destroy_file_handle(&file);
    char peak[32];
    snprintf(peak, sizeof peak, "%zu", (size_t)zend_memory_peak_usage(1));
    apache_host.change(
        apache_host.context, MARTINET_TABLE_NOTES, MARTINET_TABLE_SET, "mod_php_memory_usage", peak);
}

// PHP looks at its signals' handlers again for each request, in case a script changed them. Only pcntl's functions can.
static void keep_signal_handlers(void) {
#ifdef ZEND_SIGNALS
    SIGG(reset) = zend_hash_str_exists(&module_registry, ZEND_STRL("pcntl"));
#endif
}

void apache_run(const martinet_apache_request *request) {
    apache_serving.request = request;
    SG(server_context) = &apache_serving;
    apache_output_begins();
    apply_values(request);
    zend_first_try {
        fill_request_info(request);
        if (php_request_startup() == FAILURE) {
            zend_bailout();
        }
        execute(request, false);
    } zend_end_try();
    php_request_shutdown(NULL);
    keep_signal_handlers();
    (void)apache_output_ends();
    SG(server_context) = NULL;
    apache_serving.request = NULL;
}

// A script that virtual() includes: within the same run of PHP, as include() would.
void apache_run_included(const martinet_apache_request *request) {
    const martinet_apache_request *outer = apache_serving.request;
    apache_serving.request = request;
    apply_values(request);
    zend_try {
        execute(request, true);
    } zend_end_try();
    (void)apache_output_ends();
    apache_serving.request = outer;
}

static const char *start(const martinet_apache_host *given, const martinet_php_settings *settings) {
    apache_host = *given;
    return shim_start(&apache_sapi, &apache_module, settings);
}

static void enter_child(void) {
    shim_enter_child();
    if (zend_call_stack_init) {
        zend_call_stack_init();
    }
}

static void stop(void) {
    shim_stop();
    sapi_shutdown();
}

static const martinet_apache_functions functions = {
    .abi = MARTINET_APACHE_ABI,
    .version = PHP_VERSION,
    .martinet_apache_start = start,
    .martinet_apache_enter_child = enter_child,
    .martinet_apache_setting = shim_setting,
    .martinet_apache_run = apache_run,
    .martinet_apache_stop = stop,
};

__attribute__((visibility("default"))) const martinet_apache_functions *martinet_apache_entry(void);
const martinet_apache_functions *martinet_apache_entry(void) {
    return &functions;
}
