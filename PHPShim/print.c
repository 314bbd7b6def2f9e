// What -v, -i and -m print. PHP: sapi/fpm/fpm/fpm_main.c, main
#include "shim.h"

#include <ext/standard/info.h>
#include <zend_extensions.h>

// Sorted names, each once, of either kind of module.
static int by_name(const void *one, const void *other) {
    return strcasecmp(*(char *const *)one, *(char *const *)other);
}

static int by_exact_name(const void *one, const void *other) {
    return strcmp(*(char *const *)one, *(char *const *)other);
}

static void print_sorted(const char **names, size_t count, int (*order)(const void *, const void *)) {
    qsort(names, count, sizeof *names, order);
    for (size_t i = 0; i < count; i++) {
        php_printf("%s\n", names[i]);
    }
}

static void print_modules(void) {
    const char *names[zend_hash_num_elements(&module_registry) + 1];
    size_t count = 0;
    zend_module_entry *module;
    ZEND_HASH_FOREACH_PTR(&module_registry, module) {
        names[count++] = module->name;
    } ZEND_HASH_FOREACH_END();
    php_printf("[PHP Modules]\n");
    print_sorted(names, count, by_name);
}

static void print_extensions(void) {
    const char *names[zend_llist_count(&zend_extensions) + 1];
    size_t count = 0;
    zend_llist_position at;
    for (zend_extension *e = zend_llist_get_first_ex(&zend_extensions, &at); e;
         e = zend_llist_get_next_ex(&zend_extensions, &at)) {
        names[count++] = e->name;
    }
    php_printf("\n[Zend Modules]\n");
    print_sorted(names, count, by_exact_name);
    php_printf("\n");
}

static int print_all_modules(void) {
    php_output_activate();
    SG(headers_sent) = 1;
    print_modules();
    print_extensions();
    php_output_end_all();
    php_output_deactivate();
    return 0;
}

int print_what(int what) {
    if (what == MARTINET_PHP_PRINT_MODULES) {
        return print_all_modules();
    }
    if (what == MARTINET_PHP_PRINT_INFORMATION) {
        shim_sapi.phpinfo_as_text = sapi_module.phpinfo_as_text = 1;
    }
    if (php_request_startup() == FAILURE) {
        return -1;
    }
    SG(headers_sent) = 1;
    SG(request_info).no_headers = 1;
    if (what == MARTINET_PHP_PRINT_INFORMATION) {
        php_print_info(PHP_INFO_ALL);
    } else {
#if PHP_VERSION_ID >= 80400
        php_print_version(&shim_sapi);
#else
        php_printf(
            "PHP %s (%s) (built: %s %s)\nCopyright (c) The PHP Group\n%s", shim_module.version, sapi_module.name, __DATE__, __TIME__,
            get_zend_version());
#endif
    }
    php_request_shutdown(NULL);
    return 0;
}
