// php_value, php_admin_value, and the same from a request. PHP: sapi/fpm/fpm/fpm_php.c; fpm_main.c, fastcgi_ini_parser
#include "shim.h"

#include <ext/standard/dl.h>

enum { VALUE_UNKNOWN = -1, VALUE_SET, EXTENSION_LOADED, EXTENSION_FAILED };

static bool extension_loaded;

// Changes an entry for good: where ini_set() and the end of a request put it back, this is what they put back.
static int alter(const char *name, const char *value, bool admin) {
    zend_ini_entry *entry = zend_hash_str_find_ptr(EG(ini_directives), name, strlen(name));
    if (!entry) {
        return VALUE_UNKNOWN;
    }
    zend_string *copy = zend_string_init(value, strlen(value), 1);
    GC_MAKE_PERSISTENT_LOCAL(copy);
    if (entry->on_modify && entry->on_modify(
                                entry, copy, entry->mh_arg1, entry->mh_arg2, entry->mh_arg3, PHP_INI_STAGE_ACTIVATE) == FAILURE) {
        zend_string_release_ex(copy, 1);
        return VALUE_SET;
    }
    entry->value = copy;
    if (admin) {
        entry->modifiable = ZEND_INI_SYSTEM;
    }
    return VALUE_SET;
}

static int load_extension(const char *file) {
    zval loaded;
    zend_interned_strings_switch_storage(0);
    php_dl(file, MODULE_PERSISTENT, &loaded, 1);
    zend_interned_strings_switch_storage(1);
    return Z_TYPE(loaded) == IS_TRUE ? EXTENSION_LOADED : EXTENSION_FAILED;
}

static void disable_classes(const char *list) {
    PG(disable_classes) = strdup(list);
    for (const char *at = list; *at;) {
        size_t length = strcspn(at, " ,");
        if (length) {
            zend_disable_class(at, length);
        }
        at += length + strspn(at + length, " ,");
    }
}

int value_set(const char *name, const char *value, bool admin) {
    if (strcmp(name, "extension") == 0 && *value) {
        return load_extension(value);
    }
    int outcome = alter(name, value, admin);
    if (outcome == VALUE_SET && *value) {
        if (strcmp(name, "disable_functions") == 0) {
            zend_disable_functions(value);
        } else if (strcmp(name, "disable_classes") == 0) {
            disable_classes(value);
        }
    }
    return outcome;
}

void values_set(const char *values, size_t length, int admin, void *context, void (*refused)(void *, const char *)) {
    for (const char *name = values, *end = values + length; name < end;) {
        const char *value = name + strlen(name) + 1;
        int outcome = value_set(name, value, admin);
        if (outcome == VALUE_UNKNOWN) {
            refused(context, name);
        } else if (outcome == EXTENSION_LOADED) {
            extension_loaded = true;
        }
        name = value + strlen(value) + 1;
    }
}

// The lists of functions that run at each request's begin and end are made once; a module that came later is not in them.
void values_are_set(void) {
    if (extension_loaded) {
        extension_loaded = false;
        zend_collect_module_handlers();
    }
}

// A web server sends the same text with each request; setting an equal value again would only use up memory.
static bool is_set_already(const char *name, const char *value, bool admin) {
    zend_ini_entry *entry = zend_hash_str_find_ptr(EG(ini_directives), name, strlen(name));
    return entry && entry->value && strcmp(ZSTR_VAL(entry->value), value) == 0 &&
           (!admin || entry->modifiable == ZEND_INI_SYSTEM);
}

static void on_entry(zval *name, zval *value, zval *index, int kind, void *admin) {
    (void)index;
    static const char complaint[] = "Passing INI directive through FastCGI: ";
    if (!name) {
        return;
    }
    if (kind != ZEND_INI_PARSER_ENTRY) {
        shim_log(MARTINET_PHP_ERROR, "%sonly classic entries are allowed", complaint);
    } else if (Z_STRLEN_P(name) == 0) {
        shim_log(MARTINET_PHP_ERROR, "%sempty key", complaint);
    } else if (!value) {
        shim_log(MARTINET_PHP_ERROR, "%sempty value for key '%s'", complaint, Z_STRVAL_P(name));
    } else if (
        !is_set_already(Z_STRVAL_P(name), Z_STRVAL_P(value), *(bool *)admin) &&
        value_set(Z_STRVAL_P(name), Z_STRVAL_P(value), *(bool *)admin) == VALUE_UNKNOWN) {
        shim_log(MARTINET_PHP_ERROR, "%sunable to set '%s'", complaint, Z_STRVAL_P(name));
    }
}

static void apply_text(const char *text, bool admin) {
    if (text) {
        char *lines = NULL;
        spprintf(&lines, 0, "%s\n", text);
        zend_parse_ini_string(lines, 1, ZEND_INI_SCANNER_NORMAL, on_entry, &admin);
        efree(lines);
    }
}

void values_of_request(void) {
    apply_text(ENVIRONMENT("PHP_VALUE"), false);
    apply_text(ENVIRONMENT("PHP_ADMIN_VALUE"), true);
}
