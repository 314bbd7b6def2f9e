#ifndef MARTINET_PHP_H
#define MARTINET_PHP_H
// The plain-C border between the process manager and a PHP shim (PHPShim/, one shared object for each PHP version).
//
// No PHP type crosses it, and PHP's longjmp stays on the shim's side: martinet_php_host's functions are leaves that return before
// PHP goes on. Counts are bytes. Texts end with NUL where no length stands beside them.
#include <stddef.h>
#include <stdint.h>

#define MARTINET_PHP_ABI 2
/// The one symbol a shim exports: a function without arguments that returns its martinet_php_functions.
#define MARTINET_PHP_ENTRY "martinet_php_entry"
typedef const struct martinet_php_functions *(*martinet_php_entry_function)(void);

enum { MARTINET_PHP_DEBUG = 1, MARTINET_PHP_NOTICE, MARTINET_PHP_WARNING, MARTINET_PHP_ERROR, MARTINET_PHP_ALERT };

/// What the host is told when the task is done. `headers`: lines that each end with NUL.
typedef struct martinet_php_facts {
    int status;
    size_t peak_memory;
    const char *headers;
    size_t headers_length;
} martinet_php_facts;

/// What PHP asks of its host. `context` is the one given to start. Functions that return int say 0 when the client has gone.
typedef struct martinet_php_host {
    void *context;
    /// Also outside requests. The line is prefix and message together.
    int (*log)(void *context, int level, const char *prefix, const char *message, size_t length);
    void (*authenticated)(void *context, const char *user);
    size_t (*read_body)(void *context, char *buffer, size_t count);
    int (*send_head)(void *context, int status, const char *head, size_t length);
    int (*write)(void *context, const char *bytes, size_t length);
    int (*flush)(void *context);
    int (*finish_early)(void *context);
    int (*finish)(void *context);
    void (*script_starts)(void *context);
    void (*script_ended)(void *context, const martinet_php_facts *facts);
    /// A nested array as records of kind, name and value, name and value each ended by NUL: `s` text, `i` integer, `d` floating
    /// point, `[` begins an array (no value), `]` ends it (neither). An empty name appends. Stays valid until the next call; 0: none.
    const char *(*pool_status)(void *context, size_t *length);
} martinet_php_host;

typedef struct martinet_php_settings {
    /// A php.ini or directories with colons between them, and directories of further files; NULL: as libphp was built.
    const char *ini_path;
    const char *scan_directories;
    int ignores_ini;
    /// Code for debuggers and profilers (-e).
    int extended_info;
    const char *ini_entries;
    const char *program;
} martinet_php_settings;

enum { MARTINET_PHP_SCRIPT, MARTINET_PHP_PAGE, MARTINET_PHP_REFUSE, MARTINET_PHP_NOTHING };

/// A variable of the request: where its texts, which end with NUL, begin behind `names` and `values`, and their bytes.
typedef struct martinet_php_variable {
    uint32_t name, name_length;
    /// MARTINET_PHP_REMOVED: there is no such variable.
    uint32_t value, value_length;
    uint32_t unused[2];
} martinet_php_variable;
#define MARTINET_PHP_REMOVED UINT32_MAX

/// One request. All pointers stay valid, and what they point at unchanged, until run returns.
typedef struct martinet_php_request {
    int task;
    /// In the order they were set.
    const martinet_php_variable *variables;
    size_t variables_count;
    const char *names, *values;
    /// NULL: none.
    const char *path_translated;
    const char *request_uri;
    /// Of a page: header lines that each end with NUL. Of a refusal: the log's message.
    const char *lines;
    size_t lines_length;
    const char *body;
    size_t body_length;
    int status;
    int level;
    /// Whether script_ended needs the header lines.
    int wants_headers;
} martinet_php_request;

enum { MARTINET_PHP_PRINT_VERSION, MARTINET_PHP_PRINT_INFORMATION, MARTINET_PHP_PRINT_MODULES };

/// What the host asks of PHP.
typedef struct martinet_php_functions {
    int abi;
    /// The version whose headers the shim was built with: `8.2.36`.
    const char *version;
    /// Starts PHP; NULL, or a sentence that says why it could not. `settings` may be freed afterwards.
    const char *(*martinet_php_start)(const martinet_php_host *host, const martinet_php_settings *settings);
    /// In a fresh fork, with its signal handlers in place.
    void (*martinet_php_enter_worker)(void);
    /// Sets values given as name NUL value NUL; calls `refused` with the name of each that does not exist.
    void (*martinet_php_set_values)(
        const char *values, size_t length, int admin, void *context, void (*refused)(void *context, const char *name));
    /// After all values are set.
    void (*martinet_php_values_are_set)(void);
    /// NULL: no such entry, or it has no value. Valid until PHP changes the entry.
    const char *(*martinet_php_setting)(const char *name, size_t *length);
    /// 0, or -1 when the request could not start or PHP gave up in its shutdown: the process must end.
    int (*martinet_php_run)(const martinet_php_request *request);
    /// Starts the thread that writes traces to `descriptor` whenever the process gets `signal`. 0, or an errno.
    int (*martinet_php_watch)(int descriptor, int signal, const char *pool, int depth);
    /// Prints to standard output, with PHP just started. 0, or -1.
    int (*martinet_php_print)(int what);
    void (*martinet_php_stop)(void);
} martinet_php_functions;
#endif
