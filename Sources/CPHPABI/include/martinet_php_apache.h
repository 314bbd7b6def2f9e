#ifndef MARTINET_PHP_APACHE_H
#define MARTINET_PHP_APACHE_H
// The plain-C border between the web server and PHP inside it (php_module), in the same shared object as martinet_php.h's.
//
// The host's functions are leaves here too: they return before PHP goes on, so that PHP's longjmp passes no frame of theirs.
// Everything is called on one thread, but for start and stop. Counts are bytes; texts end with NUL where no length stands beside them.
#include "martinet_php.h"

#define MARTINET_APACHE_ABI 1
/// A function without arguments that returns martinet_apache_functions.
#define MARTINET_APACHE_ENTRY "martinet_apache_entry"
typedef const struct martinet_apache_functions *(*martinet_apache_entry_function)(void);

/// Tables of a request: fields of the client, fields of the answer, variables of programs, notes; the variables of the
/// request that the client sent, before internal redirects.
enum {
    MARTINET_TABLE_REQUEST, MARTINET_TABLE_ANSWER, MARTINET_TABLE_ENVIRONMENT, MARTINET_TABLE_NOTES, MARTINET_TABLE_FIRST_ENVIRONMENT
};
enum { MARTINET_TABLE_SET, MARTINET_TABLE_ADD, MARTINET_TABLE_UNSET, MARTINET_TABLE_CLEAR };
enum { MARTINET_HANDLER_SCRIPT, MARTINET_HANDLER_SOURCE };
/// What comes next while another URL is included: a script to run, or the end, good or bad.
enum { MARTINET_INCLUDE_FAILED, MARTINET_INCLUDE_DONE, MARTINET_INCLUDE_SCRIPT };
/// For phpinfo().
enum { MARTINET_FACT_VERSION, MARTINET_FACT_MODULES, MARTINET_FACT_SERVER };

typedef struct martinet_apache_head {
    int status;
    /// The line a script gave, `404 Not here`; NULL: the usual one.
    const char *status_line;
    /// A script's line began with `HTTP/1.0`.
    int is_http10;
    const char *content_type;
} martinet_apache_head;

typedef struct martinet_apache_request {
    int handler;
    int is_included;
    const char *method;
    const char *uri;
    /// NULL: none. As are the next five.
    const char *query;
    const char *content_type;
    const char *cookie;
    const char *authorization;
    const char *user;
    const char *request_line;
    const char *filename;
    long content_length;
    /// 1001 for HTTP/1.1.
    int protocol;
    /// Of the answer so far: an error document has its error's.
    int status;
    /// Seconds since the epoch.
    double time;
    unsigned long inode, device, mode, owner, group, size, links;
    long modified, accessed, changed;
    /// php_value and its like: a letter (`v` value, `h` value of a .htaccess file, `a` the administrator's), name NUL value NUL.
    const char *values;
    size_t values_length;
} martinet_apache_request;

/// What PHP asks. Functions that return int say 0 when the client has gone, if nothing else is said.
typedef struct martinet_apache_host {
    void *context;
    /// `level` is syslog's; also outside requests.
    void (*log)(void *context, int level, const char *message, size_t length);
    size_t (*read_body)(void *context, char *buffer, size_t count);
    void (*send_head)(void *context, const martinet_apache_head *head);
    /// `holds`: there is more to come, nothing need be done yet.
    int (*write)(void *context, const char *bytes, size_t length, int holds);
    int (*flush)(void *context);
    /// All of a table: name NUL value NUL for each entry. Valid until the next call.
    const char *(*table)(void *context, int table, size_t *length);
    /// NULL: no such entry. Valid until the next call.
    const char *(*get)(void *context, int table, const char *name);
    void (*change)(void *context, int table, int operation, const char *name, const char *value);
    void (*authenticated)(void *context, const char *user);
    /// What became of another URL of this server, as records (pool_status of martinet_php.h says how they look); NULL: no answer.
    const char *(*look_up)(void *context, const char *uri, size_t *length);
    /// Whether a URL may be included (1), may not (0), or was not even looked for (-1).
    int (*include_starts)(void *context, const char *uri);
    /// MARTINET_INCLUDE_…; with a script `request` is set, to be run before the next call.
    int (*include_goes_on)(void *context, const martinet_apache_request **request);
    /// A text, or for MARTINET_FACT_SERVER name NUL value NUL of each line. Valid until the next call.
    const char *(*fact)(void *context, int fact, size_t *length);
} martinet_apache_host;

typedef struct martinet_apache_functions {
    int abi;
    const char *version;
    /// As martinet_php_start: in the parent, whose children have PHP by fork.
    const char *(*martinet_apache_start)(const martinet_apache_host *host, const martinet_php_settings *settings);
    /// In a child, on the thread that will run scripts, with its signal handlers in place.
    void (*martinet_apache_enter_child)(void);
    const char *(*martinet_apache_setting)(const char *name, size_t *length);
    void (*martinet_apache_run)(const martinet_apache_request *request);
    void (*martinet_apache_stop)(void);
} martinet_apache_functions;
#endif
