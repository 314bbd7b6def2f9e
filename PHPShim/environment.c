// The request's variables, as $_SERVER, getenv() and getallheaders() show them. PHP: main/fastcgi.c, fcgi_hash; sapi/fpm/fpm/fpm_main.c
#include "shim.h"

typedef struct variable {
    const char *name, *value;
    uint32_t name_length, value_length;
} variable;

// Points into the host's blob; its memory serves all requests.
static struct {
    variable *list;
    size_t count, capacity;
} variables;

static void (*import_process_environment)(zval *array);

void environment_begin(const char *blob, size_t length) {
    const char *at = blob, *end = blob + length;
    variables.count = 0;
    while (at < end) {
        if (variables.count == variables.capacity) {
            variables.capacity = variables.capacity ? variables.capacity * 2 : 64;
            variables.list = perealloc(variables.list, variables.capacity * sizeof(variable), 1);
        }
        variable *next = &variables.list[variables.count++];
        next->name = at;
        next->name_length = (uint32_t)strlen(at);
        next->value = at + next->name_length + 1;
        next->value_length = (uint32_t)strlen(next->value);
        at = next->value + next->value_length + 1;
    }
}

void environment_end(void) {
    variables.count = 0;
}

const char *environment_get(const char *name, size_t length) {
    for (size_t i = 0; i < variables.count; i++) {
        const variable *v = &variables.list[i];
        if (v->name_length == length && memcmp(v->name, name, length) == 0) {
            return v->value;
        }
    }
    return NULL;
}

// FPM's table gives the variable set last first, and scripts have seen that order for years.
#define FOR_EACH_VARIABLE(v) for (const variable *v = variables.list + variables.count; v-- > variables.list;)

static void add_filtered(zval *array) {
    int kind = Z_ARR_P(array) == Z_ARR(PG(http_globals)[TRACK_VARS_ENV]) ? PARSE_ENV : PARSE_SERVER;
    FOR_EACH_VARIABLE(v) {
        char *value = (char *)v->value;
        size_t length;
        if (sapi_module.input_filter(kind, v->name, &value, v->value_length, &length)) {
            php_register_variable_safe((char *)v->name, value, length, array);
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
        php_register_variable_safe((char *)v->name, (char *)v->value, v->value_length, array);
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
    const char *rest = php_shim_ini.fix_pathinfo ? environment_get(ZEND_STRL("PATH_INFO")) : NULL;
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
        sapi_add_request_header((char *)v->name, v->name_length, (char *)v->value, v->value_length, array);
    }
}
