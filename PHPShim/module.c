// The module cgi-fcgi: ini entries and functions that only FPM has. PHP: sapi/fpm/fpm/fpm_main.c
#include "shim.h"

#include <ext/standard/head.h>
#include <ext/standard/info.h>

shim_ini php_shim_ini;

// clang-format off
PHP_INI_BEGIN()
    STD_PHP_INI_BOOLEAN("cgi.rfc2616_headers", "0", PHP_INI_ALL, OnUpdateBool, rfc2616_headers, shim_ini, php_shim_ini)
    STD_PHP_INI_BOOLEAN("cgi.nph", "0", PHP_INI_ALL, OnUpdateBool, nph, shim_ini, php_shim_ini)
    STD_PHP_INI_BOOLEAN("cgi.force_redirect", "1", PHP_INI_SYSTEM, OnUpdateBool, force_redirect, shim_ini, php_shim_ini)
    STD_PHP_INI_ENTRY("cgi.redirect_status_env", NULL, PHP_INI_SYSTEM, OnUpdateString, redirect_status_env, shim_ini, php_shim_ini)
    STD_PHP_INI_BOOLEAN("cgi.fix_pathinfo", "1", PHP_INI_SYSTEM, OnUpdateBool, fix_pathinfo, shim_ini, php_shim_ini)
    STD_PHP_INI_BOOLEAN("cgi.discard_path", "0", PHP_INI_SYSTEM, OnUpdateBool, discard_path, shim_ini, php_shim_ini)
    STD_PHP_INI_BOOLEAN("fastcgi.logging", "1", PHP_INI_SYSTEM, OnUpdateBool, fcgi_logging, shim_ini, php_shim_ini)
    STD_PHP_INI_ENTRY("fastcgi.error_header", NULL, PHP_INI_SYSTEM, OnUpdateString, error_header, shim_ini, php_shim_ini)
    STD_PHP_INI_ENTRY("fpm.config", NULL, PHP_INI_SYSTEM, OnUpdateString, fpm_config, shim_ini, php_shim_ini)
PHP_INI_END()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(takes_nothing_gives_bool, 0, 0, _IS_BOOL, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(takes_nothing_gives_array, 0, 0, IS_ARRAY, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(takes_nothing_gives_array_or_false, 0, 0, MAY_BE_ARRAY | MAY_BE_FALSE)
ZEND_END_ARG_INFO()
// clang-format on

static ZEND_FUNCTION(fastcgi_finish_request) {
    ZEND_PARSE_PARAMETERS_NONE();
    if (!serving.request || serving.finished_early) {
        RETURN_FALSE;
    }
    php_output_end_all();
    php_header();
    serving.finished_early = true;
    (void)output_send_pieces();
    host.finish_early(host.context);
    RETURN_TRUE;
}

static ZEND_FUNCTION(apache_request_headers) {
    ZEND_PARSE_PARAMETERS_NONE();
    array_init(return_value);
    environment_add_request_headers(return_value);
}

// Adds the host's records to array until its end; returns where it stopped.
const char *add_records(zval *array, const char *at, const char *end) {
    while (at < end) {
        char kind = *at++;
        if (kind == ']') {
            break;
        }
        const char *name = at;
        size_t length = strlen(name);
        at += length + 1;
        zval value;
        if (kind == '[') {
            array_init(&value);
            at = add_records(&value, at, end);
        } else {
            const char *text = at;
            at += strlen(text) + 1;
            if (kind == 'i') {
                ZVAL_LONG(&value, strtoll(text, NULL, 10));
            } else if (kind == 'd') {
                ZVAL_DOUBLE(&value, zend_strtod(text, NULL));
            } else {
                ZVAL_STRING(&value, text);
            }
        }
        if (length) {
            zend_hash_str_update(Z_ARRVAL_P(array), name, length, &value);
        } else {
            zend_hash_next_index_insert(Z_ARRVAL_P(array), &value);
        }
    }
    return at;
}

static ZEND_FUNCTION(fpm_get_status) {
    ZEND_PARSE_PARAMETERS_NONE();
    size_t length = 0;
    const char *records = serving.request ? host.pool_status(host.context, &length) : NULL;
    if (!records || length == 0) {
        RETURN_FALSE;
    }
    array_init(return_value);
    add_records(return_value, records, records + length);
}

static const zend_function_entry functions[] = {
    ZEND_FE(fastcgi_finish_request, takes_nothing_gives_bool)
    ZEND_FE(apache_request_headers, takes_nothing_gives_array)
    ZEND_FALIAS(getallheaders, apache_request_headers, takes_nothing_gives_array)
    ZEND_FE(fpm_get_status, takes_nothing_gives_array_or_false)
    ZEND_FE_END
};

static PHP_MINIT_FUNCTION(shim) {
    user_ini_startup();
    REGISTER_INI_ENTRIES();
    return SUCCESS;
}

static PHP_MSHUTDOWN_FUNCTION(shim) {
    user_ini_shutdown();
    UNREGISTER_INI_ENTRIES();
    return SUCCESS;
}

static PHP_MINFO_FUNCTION(shim) {
    php_info_print_table_start();
    php_info_print_table_row(2, "php-fpm", "active");
    php_info_print_table_end();
    DISPLAY_INI_ENTRIES();
}

zend_module_entry shim_module = {
    STANDARD_MODULE_HEADER,
    "cgi-fcgi",
    functions,
    PHP_MINIT(shim),
    PHP_MSHUTDOWN(shim),
    NULL,
    NULL,
    PHP_MINFO(shim),
    PHP_VERSION,
    STANDARD_MODULE_PROPERTIES,
};
