// Starting and stopping PHP, and the table of functions. PHP: sapi/fpm/fpm/fpm_main.c, main; main/php_ini.c, php_init_config
#include "shim.h"

#include <signal.h>

martinet_php_host host;
shim_state serving;

// php_child_init is newer than 8.2.
extern void php_child_init(void) __attribute__((weak));
// Not in a header of every version.
extern char *php_ini_scanned_path;

static int (*register_internal_modules)(void);

// libphp is built as php's command line is, and so has pcntl, which php-fpm has not: programs that find pcntl_fork would fork a worker
// with its client. It is taken out before it starts; extension=pcntl still loads one.
static int register_modules_of_fpm(void) {
    int outcome = register_internal_modules();
    zend_module_entry *module = zend_hash_str_find_ptr(&module_registry, ZEND_STRL("pcntl"));
    if (outcome == SUCCESS && module) {
        zend_unregister_functions(module->functions, -1, NULL);
        zend_hash_str_del(&module_registry, ZEND_STRL("pcntl"));
    }
    return outcome;
}

// The module of the SAPI that is started.
static zend_module_entry *own_module;

static int start_modules(sapi_module_struct *sapi) {
    if (php_register_internal_extensions_func != register_modules_of_fpm) {
        register_internal_modules = php_register_internal_extensions_func;
        php_register_internal_extensions_func = register_modules_of_fpm;
    }
#if PHP_VERSION_ID < 80200
    return php_module_startup(sapi, own_module, 1);
#else
    return php_module_startup(sapi, own_module);
#endif
}

// Faults end the process as the kernel does it: the host's own handlers know nothing of PHP's stack.
static void reset_signals(void) {
    static const int faults[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        signal(faults[i], SIG_DFL);
    }
    signal(SIGPIPE, SIG_IGN);
}

static char *copied(const char *text) {
    return text ? strdup(text) : NULL;
}

// PHP learns of directories of further ini files from its environment only. Scripts must not see the variable.
static int start_with_directories(sapi_module_struct *sapi, const char *directories) {
    if (!directories) {
        return start_modules(sapi);
    }
    char *before = copied(getenv("PHP_INI_SCAN_DIR"));
    setenv("PHP_INI_SCAN_DIR", directories, 1);
    int outcome = start_modules(sapi);
    // phpinfo() shows it for as long as the process lives.
    php_ini_scanned_path = strdup(directories);
    if (before) {
        setenv("PHP_INI_SCAN_DIR", before, 1);
        free(before);
    } else {
        unsetenv("PHP_INI_SCAN_DIR");
    }
    return outcome;
}

const char *shim_start(sapi_module_struct *sapi, zend_module_entry *module, const martinet_php_settings *settings) {
    static char why[200];
    own_module = module;
    reset_signals();
    zend_signal_startup();
    sapi_startup(sapi);
    sapi->php_ini_path_override = copied(settings->ini_path);
    sapi->php_ini_ignore_cwd = 1;
    sapi->php_ini_ignore = settings->ignores_ini;
    sapi->ini_entries = copied(settings->ini_entries ? settings->ini_entries : "");
    sapi->executable_location = copied(settings->program);
    sapi->startup = start_modules;
    if (start_with_directories(sapi, settings->scan_directories) == FAILURE) {
        return "PHP could not start its modules";
    }
    zend_module_entry *standard = zend_hash_str_find_ptr(&module_registry, ZEND_STRL("standard"));
    if (!standard || standard->zend_api != ZEND_MODULE_API_NO) {
        snprintf(
            why, sizeof why, "this PHP has module API %u, the shim was built for %u",
            standard ? standard->zend_api : 0, ZEND_MODULE_API_NO);
        return why;
    }
    module->version = standard->version;
    if (settings->extended_info) {
        CG(compiler_options) |= ZEND_COMPILE_EXTENDED_INFO;
    }
    return NULL;
}

static const char *start(const martinet_php_host *given, const martinet_php_settings *settings) {
    host = *given;
    return shim_start(&shim_sapi, &shim_module, settings);
}

// PHP defers signals while it changes its own data, and calls the handlers it found when this was called.
void shim_enter_child(void) {
#ifdef ZEND_SIGNALS
    zend_signal_startup();
#endif
    if (php_child_init) {
        php_child_init();
    }
}

static void enter_worker(void) {
    shim_enter_child();
    environment_hook_imports();
}

const char *shim_setting(const char *name, size_t *length) {
    zend_ini_entry *entry = zend_hash_str_find_ptr(EG(ini_directives), name, strlen(name));
    if (!entry || !entry->value) {
        return NULL;
    }
    *length = ZSTR_LEN(entry->value);
    return ZSTR_VAL(entry->value);
}

void shim_stop(void) {
    SG(server_context) = NULL;
    php_module_shutdown();
    // Libphp may stay in memory when this is taken out of it.
    php_register_internal_extensions_func = register_internal_modules;
}

static const martinet_php_functions functions = {
    .abi = MARTINET_PHP_ABI,
    .version = PHP_VERSION,
    .martinet_php_start = start,
    .martinet_php_enter_worker = enter_worker,
    .martinet_php_set_values = values_set,
    .martinet_php_values_are_set = values_are_set,
    .martinet_php_setting = shim_setting,
    .martinet_php_run = request_run,
    .martinet_php_watch = slowlog_watch,
    .martinet_php_print = print_what,
    .martinet_php_stop = shim_stop,
};

__attribute__((visibility("default"))) const martinet_php_functions *martinet_php_entry(void);
const martinet_php_functions *martinet_php_entry(void) {
    return &functions;
}
