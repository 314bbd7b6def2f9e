// The request's variables, as $_SERVER, getenv() and getallheaders() show them. PHP: main/fastcgi.c, fcgi_hash; sapi/fpm/fpm/fpm_main.c
#include "shim.h"

typedef martinet_php_variable variable;

// The host's memory.
static struct {
    const variable *list;
    size_t count;
    const char *names, *values;
} variables;

static void (*import_process_environment)(zval *array);

// PHP's functions take char *, and leave it as it is.
static char *name_of(const variable *v) {
    return (char *)variables.names + v->name;
}

static char *value_of(const variable *v) {
    return (char *)variables.values + v->value;
}

void environment_begin(const martinet_php_request *request) {
    variables.list = request->variables;
    variables.count = request->variables_count;
    variables.names = request->names;
    variables.values = request->values;
}

void environment_end(void) {
    variables.count = 0;
}

static bool is_named(const variable *v, const char *name, size_t length) {
    // Few names are of one length and end alike: most are told apart without a call.
    return v->name_length == length && name_of(v)[length - 1] == name[length - 1] && v->value != MARTINET_PHP_REMOVED &&
           memcmp(name_of(v), name, length) == 0;
}

const char *environment_find(const char *name, size_t length, size_t *place) {
    if (*place < variables.count && is_named(&variables.list[*place], name, length)) {
        return value_of(&variables.list[*place]);
    }
    for (const variable *v = variables.list, *end = v + variables.count; v < end; v++) {
        if (is_named(v, name, length)) {
            *place = v - variables.list;
            return value_of(v);
        }
    }
    return NULL;
}

const char *environment_get(const char *name, size_t length) {
    size_t place = SIZE_MAX;
    return length ? environment_find(name, length, &place) : NULL;
}

// FPM's table gives the variable set last first, and scripts have seen that order for years.
#define FOR_EACH_VARIABLE(v) \
    for (const variable *v = variables.list + variables.count; v-- > variables.list;) \
        if (v->value != MARTINET_PHP_REMOVED)

static void add_filtered(zval *array) {
    int kind = Z_ARR_P(array) == Z_ARR(PG(http_globals)[TRACK_VARS_ENV]) ? PARSE_ENV : PARSE_SERVER;
    FOR_EACH_VARIABLE(v) {
        char *value = value_of(v);
        size_t length;
        if (sapi_module.input_filter(kind, name_of(v), &value, v->value_length, &length)) {
            php_register_variable_safe(name_of(v), value, length, array);
        }
    }
}

// Takes what $_ENV or $_SERVER already holds, if it is another array and not empty.
static bool copy_existing(zval *array, int which) {
    zval *existing = &PG(http_globals)[which];
    if (Z_TYPE_P(existing) != IS_ARRAY || Z_ARR_P(array) == Z_ARR_P(existing) ||
        zend_hash_num_elements(Z_ARRVAL_P(existing)) == 0) {
        return false;
    }
    zend_array_destroy(Z_ARR_P(array));
    Z_ARR_P(array) = zend_array_dup(Z_ARR_P(existing));
    return true;
}

static void import_variables(zval *array) {
    if (copy_existing(array, TRACK_VARS_ENV) || copy_existing(array, TRACK_VARS_SERVER)) {
        return;
    }
    import_process_environment(array);
    add_filtered(array);
}

#if PHP_VERSION_ID >= 80200
static void add_unfiltered(zval *array) {
    FOR_EACH_VARIABLE(v) {
        php_register_variable_safe(name_of(v), value_of(v), v->value_length, array);
    }
}

// getenv() without a name; before 8.2 that gives what is imported.
static void load_variables(zval *array) {
    import_process_environment(array);
    add_unfiltered(array);
}
#endif

void environment_hook_imports(void) {
    if (php_import_environment_variables != import_variables) {
        import_process_environment = php_import_environment_variables;
        php_import_environment_variables = import_variables;
#if PHP_VERSION_ID >= 80200
        php_load_environment_variables = load_variables;
#endif
    }
}

// PHP_SELF: the base, and the rest of the path unless cgi.fix_pathinfo is off.
static void register_self(zval *array) {
    const char *base = SG(request_info).request_uri ? SG(request_info).request_uri : "";
    const char *rest = php_shim_ini.fix_pathinfo ? ENVIRONMENT("PATH_INFO") : NULL;
    size_t base_length = strlen(base), rest_length = rest ? strlen(rest) : 0, length = base_length + rest_length;
    char *self = emalloc(length + 1), *value = self;
    memcpy(self, base, base_length);
    memcpy(self + base_length, rest ? rest : "", rest_length);
    self[length] = 0;
    if (sapi_module.input_filter(PARSE_SERVER, "PHP_SELF", &value, length, &length)) {
        php_register_variable_safe("PHP_SELF", value, length, array);
    }
    efree(value);
}

void environment_register(zval *array) {
    php_import_environment_variables(array);
    register_self(array);
}

void environment_add_request_headers(zval *array) {
    FOR_EACH_VARIABLE(v) {
        sapi_add_request_header(name_of(v), v->name_length, value_of(v), v->value_length, array);
    }
}
