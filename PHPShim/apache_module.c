// The module apache2handler: functions and ini entries that only php_module has. PHP: sapi/apache2handler/php_functions.c
#include "apache.h"

#include <ext/standard/head.h>
#include <ext/standard/info.h>

static apache_ini php_apache_ini;

// clang-format off
PHP_INI_BEGIN()
    STD_PHP_INI_BOOLEAN("xbithack", "0", PHP_INI_ALL, OnUpdateBool, xbithack, apache_ini, php_apache_ini)
    STD_PHP_INI_BOOLEAN("engine", "1", PHP_INI_ALL, OnUpdateBool, engine, apache_ini, php_apache_ini)
    STD_PHP_INI_BOOLEAN("last_modified", "0", PHP_INI_ALL, OnUpdateBool, last_modified, apache_ini, php_apache_ini)
PHP_INI_END()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(looks_up, 0, 1, MAY_BE_OBJECT | MAY_BE_FALSE)
    ZEND_ARG_TYPE_INFO(0, filename, IS_STRING, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(includes, 0, 1, _IS_BOOL, 0)
    ZEND_ARG_TYPE_INFO(0, uri, IS_STRING, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(gives_array, 0, 0, IS_ARRAY, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(notes, 0, 1, MAY_BE_STRING | MAY_BE_FALSE)
    ZEND_ARG_TYPE_INFO(0, note_name, IS_STRING, 0)
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, note_value, IS_STRING, 1, "null")
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(sets_variable, 0, 2, _IS_BOOL, 0)
    ZEND_ARG_TYPE_INFO(0, variable, IS_STRING, 0)
    ZEND_ARG_TYPE_INFO(0, value, IS_STRING, 0)
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, walk_to_top, _IS_BOOL, 0, "false")
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(gets_variable, 0, 1, MAY_BE_STRING | MAY_BE_FALSE)
    ZEND_ARG_TYPE_INFO(0, variable, IS_STRING, 0)
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, walk_to_top, _IS_BOOL, 0, "false")
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(gives_text, 0, 0, MAY_BE_STRING | MAY_BE_FALSE)
ZEND_END_ARG_INFO()
// clang-format on

#define FOR_EACH_PAIR(name, value, table, length)                                                                      \
    for (const char *name = (table), *end_of_##name = name + (length), *value;                                         \
         name && name < end_of_##name && (value = name + strlen(name) + 1); name = value + strlen(value) + 1)

static const char *table_of(int which, size_t *length) {
    *length = 0;
    return apache_serving.request ? apache_host.table(apache_host.context, which, length) : NULL;
}

static const char *fact(int which) {
    size_t length = 0;
    return apache_host.fact(apache_host.context, which, &length);
}

// MARK: other URLs

static ZEND_FUNCTION(virtual) {
    char *uri;
    size_t length;
    if (zend_parse_parameters(ZEND_NUM_ARGS(), "p", &uri, &length) == FAILURE) {
        RETURN_THROWS();
    }
    int found = apache_serving.request ? apache_host.include_starts(apache_host.context, uri) : -1;
    if (found != 1) {
        php_error_docref(
            NULL, E_WARNING, found < 0 ? "Unable to include '%s' - URI lookup failed" : "Unable to include '%s' - error finding URI",
            uri);
        RETURN_FALSE;
    }
    php_output_end_all();
    php_header();
    (void)apache_output_flush();
    const martinet_apache_request *script = NULL;
    int step;
    while ((step = apache_host.include_goes_on(apache_host.context, &script)) == MARTINET_INCLUDE_SCRIPT) {
        apache_run_included(script);
    }
    if (step == MARTINET_INCLUDE_FAILED) {
        php_error_docref(NULL, E_WARNING, "Unable to include '%s' - request execution failed", uri);
        RETURN_FALSE;
    }
    RETURN_TRUE;
}

static ZEND_FUNCTION(apache_lookup_uri) {
    char *uri;
    size_t length, found = 0;
    if (zend_parse_parameters(ZEND_NUM_ARGS(), "p", &uri, &length) == FAILURE) {
        RETURN_THROWS();
    }
    const char *records = apache_serving.request ? apache_host.look_up(apache_host.context, uri, &found) : NULL;
    if (!records) {
        php_error_docref(NULL, E_WARNING, "Unable to include '%s' - error finding URI", uri);
        RETURN_FALSE;
    }
    zval facts;
    array_init(&facts);
    add_records(&facts, records, records + found);
    object_init(return_value);
    zend_string *name;
    zval *value;
    ZEND_HASH_FOREACH_STR_KEY_VAL(Z_ARRVAL(facts), name, value) {
        if (name) {
            add_property_zval(return_value, ZSTR_VAL(name), value);
        }
    } ZEND_HASH_FOREACH_END();
    zval_ptr_dtor(&facts);
}

// MARK: tables

static void return_table(zval *return_value, int which) {
    size_t length;
    array_init(return_value);
    FOR_EACH_PAIR(name, value, table_of(which, &length), length) {
        add_assoc_string(return_value, name, value);
    }
}

static ZEND_FUNCTION(apache_request_headers) {
    ZEND_PARSE_PARAMETERS_NONE();
    return_table(return_value, MARTINET_TABLE_REQUEST);
}

static ZEND_FUNCTION(apache_response_headers) {
    ZEND_PARSE_PARAMETERS_NONE();
    return_table(return_value, MARTINET_TABLE_ANSWER);
}

static ZEND_FUNCTION(apache_note) {
    char *name, *value = NULL;
    size_t name_length, value_length;
    if (zend_parse_parameters(ZEND_NUM_ARGS(), "s|s!", &name, &name_length, &value, &value_length) == FAILURE) {
        RETURN_THROWS();
    }
    const char *old = apache_host.get(apache_host.context, MARTINET_TABLE_NOTES, name);
    if (old) {
        RETVAL_STRING(old);
    } else {
        RETVAL_FALSE;
    }
    if (value) {
        apache_host.change(apache_host.context, MARTINET_TABLE_NOTES, MARTINET_TABLE_SET, name, value);
    }
}

static ZEND_FUNCTION(apache_setenv) {
    char *name, *value;
    size_t name_length, value_length;
    bool walks_to_top = false;
    if (zend_parse_parameters(ZEND_NUM_ARGS(), "ss|b", &name, &name_length, &value, &value_length, &walks_to_top) == FAILURE) {
        RETURN_THROWS();
    }
    apache_host.change(
        apache_host.context, walks_to_top ? MARTINET_TABLE_FIRST_ENVIRONMENT : MARTINET_TABLE_ENVIRONMENT,
        MARTINET_TABLE_SET, name, value);
    RETURN_TRUE;
}

static ZEND_FUNCTION(apache_getenv) {
    char *name;
    size_t length;
    bool walks_to_top = false;
    if (zend_parse_parameters(ZEND_NUM_ARGS(), "s|b", &name, &length, &walks_to_top) == FAILURE) {
        RETURN_THROWS();
    }
    const char *value = apache_host.get(
        apache_host.context, walks_to_top ? MARTINET_TABLE_FIRST_ENVIRONMENT : MARTINET_TABLE_ENVIRONMENT, name);
    if (!value) {
        RETURN_FALSE;
    }
    RETURN_STRING(value);
}

// MARK: the server

static ZEND_FUNCTION(apache_get_version) {
    ZEND_PARSE_PARAMETERS_NONE();
    const char *version = fact(MARTINET_FACT_VERSION);
    if (!version || !*version) {
        RETURN_FALSE;
    }
    RETURN_STRING(version);
}

static ZEND_FUNCTION(apache_get_modules) {
    ZEND_PARSE_PARAMETERS_NONE();
    array_init(return_value);
    const char *names = fact(MARTINET_FACT_MODULES);
    while (names && *names) {
        size_t length = strcspn(names, " ");
        add_next_index_stringl(return_value, names, length);
        names += length + strspn(names + length, " ");
    }
}

static const zend_function_entry functions[] = {
    ZEND_FE(apache_lookup_uri, looks_up)
    ZEND_FE(virtual, includes)
    ZEND_FE(apache_request_headers, gives_array)
    ZEND_FALIAS(getallheaders, apache_request_headers, gives_array)
    ZEND_FE(apache_response_headers, gives_array)
    ZEND_FE(apache_note, notes)
    ZEND_FE(apache_setenv, sets_variable)
    ZEND_FE(apache_getenv, gets_variable)
    ZEND_FE(apache_get_version, gives_text)
    ZEND_FE(apache_get_modules, gives_array)
    ZEND_FE_END
};

// MARK: phpinfo()

static void print_table(int which) {
    size_t length;
    FOR_EACH_PAIR(name, value, table_of(which, &length), length) {
        php_info_print_table_row(2, name, value);
    }
}

static void print_server(void) {
    size_t length = 0;
    const char *version = fact(MARTINET_FACT_VERSION);
    php_info_print_table_start();
    if (version && *version) {
        php_info_print_table_row(2, "Apache Version", version);
    }
    FOR_EACH_PAIR(name, value, apache_host.fact(apache_host.context, MARTINET_FACT_SERVER, &length), length) {
        php_info_print_table_row(2, name, value);
    }
    php_info_print_table_row(2, "Loaded Modules", fact(MARTINET_FACT_MODULES));
    php_info_print_table_end();
}

static PHP_MINFO_FUNCTION(apache) {
    if (!apache_serving.request) {
        DISPLAY_INI_ENTRIES();
        return;
    }
    print_server();
    DISPLAY_INI_ENTRIES();
    PUTS("<h2>Apache Environment</h2>\n");
    php_info_print_table_start();
    php_info_print_table_header(2, "Variable", "Value");
    print_table(MARTINET_TABLE_ENVIRONMENT);
    php_info_print_table_end();
    PUTS("<h2>HTTP Headers Information</h2>\n");
    php_info_print_table_start();
    php_info_print_table_colspan_header(2, "HTTP Request Headers");
    php_info_print_table_row(2, "HTTP Request", apache_serving.request->request_line);
    print_table(MARTINET_TABLE_REQUEST);
    php_info_print_table_colspan_header(2, "HTTP Response Headers");
    print_table(MARTINET_TABLE_ANSWER);
    php_info_print_table_end();
}

static PHP_MINIT_FUNCTION(apache) {
    REGISTER_INI_ENTRIES();
    return SUCCESS;
}

static PHP_MSHUTDOWN_FUNCTION(apache) {
    UNREGISTER_INI_ENTRIES();
    return SUCCESS;
}

zend_module_entry apache_module = {
    STANDARD_MODULE_HEADER,
    "apache2handler",
    functions,
    PHP_MINIT(apache),
    PHP_MSHUTDOWN(apache),
    NULL,
    NULL,
    PHP_MINFO(apache),
    PHP_VERSION,
    STANDARD_MODULE_PROPERTIES,
};
