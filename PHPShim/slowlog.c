// The slow log: a stack of PHP's functions, told by the worker itself. PHP: sapi/fpm/fpm/fpm_php_trace.c
//
// php-fpm's master stops the worker and reads its memory (ptrace), which containers forbid. Here a thread of the worker waits for the
// supervisor's signal, so that no call of the script is interrupted (a signal handler would cut sleep() short). It asks PHP to
// tell the stack at its next safe point; when PHP does not come there soon, because it waits in a system call, the stack
// stands still and the thread reads it.
#include "shim.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { NOBODY_WALKS, PHP_MAY_WALK, PHP_WALKS, PHP_WALKED, THREAD_WALKS };

static struct {
    int descriptor, signal, depth;
    char *pool;
    // Whose thread watches: a fork of the worker has none.
    pid_t owner;
    // Odd while a request runs.
    atomic_ulong generation;
    // The request a trace was asked for.
    atomic_ulong asked;
    atomic_int walker;
    char text[64 * 1024];
    size_t length;
} slowlog = {.descriptor = -1};

static void (*next_interrupt)(zend_execute_data *execute_data);

// MARK: reading without trust

// Copies memory that may have gone meanwhile. The kernel lets every process do this to itself.
static bool peek(const void *from, void *to, size_t size) {
    struct iovec local = {to, size}, remote = {(void *)from, size};
    return from && process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

#define PEEK(pointer, field, to) peek((const char *)(pointer) + offsetof(__typeof__(*(pointer)), field), (to), sizeof *(to))

static bool is_pointer(const void *p) {
    return p && ((uintptr_t)p & (sizeof(long) - 1)) == 0;
}

// The front of a text; false when it cannot be read.
static bool peek_string(const zend_string *string, char *to, size_t capacity) {
    size_t length;
    if (!PEEK(string, len, &length)) {
        return false;
    }
    length = length < capacity ? length : capacity - 1;
    to[length] = 0;
    return length == 0 || peek(ZSTR_VAL(string), to, length);
}

// MARK: writing

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void add(const char *format, ...) {
    size_t left = sizeof slowlog.text - slowlog.length;
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(slowlog.text + slowlog.length, left, format, arguments);
    va_end(arguments);
    if (count > 0) {
        slowlog.length += (size_t)count < left ? (size_t)count : left - 1;
    }
}

static void add_time(void) {
    char text[64];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    // php-fpm's months are English in every locale.
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    snprintf(
        text, sizeof text, "[%02d-%s-%04d %02d:%02d:%02d]", local.tm_mday, months[local.tm_mon % 12], local.tm_year + 1900,
        local.tm_hour, local.tm_min, local.tm_sec);
    // Two blanks: php-fpm's time brings one of its own.
    add("\n%s  [pool %s] pid %d\n", text, slowlog.pool, (int)getpid());
}

// A value of the request on a line of its own; what could end the line or the terminal's patience is shown as a dot.
static void add_value(const char *label, const char *name) {
    const char *value = environment_get(name, strlen(name));
    if (!value || !*value) {
        return;
    }
    add("%s = ", label);
    size_t start = slowlog.length;
    add("%.1023s\n", value);
    for (size_t i = start; i + 1 < slowlog.length; i++) {
        if ((unsigned char)slowlog.text[i] < ' ' || slowlog.text[i] == 127) {
            slowlog.text[i] = '.';
        }
    }
}

// What php-fpm does not tell. It stands after the stack so that readers of php-fpm's format find theirs unchanged.
static void add_request(void) {
    add_value("request_method", "REQUEST_METHOD");
    add_value("host", environment_get(ZEND_STRL("HTTP_HOST")) ? "HTTP_HOST" : "SERVER_NAME");
    add_value("request_uri", "REQUEST_URI");
    add_value("request_id", environment_get(ZEND_STRL("UNIQUE_ID")) ? "UNIQUE_ID" : "HTTP_X_REQUEST_ID");
}

// MARK: walking

// Where the nearest PHP code from `frame` on stands.
static bool add_place(zend_execute_data *frame) {
    char file[1024] = "";
    uint32_t line = 0;
    while (frame) {
        zend_function *function;
        uint8_t type;
        if (!PEEK(frame, func, &function)) {
            return false;
        }
        if (!is_pointer(function)) {
            break;
        }
        if (!PEEK(function, type, &type)) {
            return false;
        }
        if (ZEND_USER_CODE(type)) {
            zend_string *name;
            const zend_op *opline;
            if (!PEEK(function, op_array.filename, &name) || !peek_string(name, file, sizeof file) ||
                !PEEK(frame, opline, &opline) || (is_pointer(opline) && !PEEK(opline, lineno, &line))) {
                return false;
            }
            break;
        }
        if (!PEEK(frame, prev_execute_data, &frame)) {
            return false;
        }
    }
    add(" %s:%u\n", *file ? file : "unknown", line);
    return true;
}

// The frame's function; `done` when it is the script itself.
static bool add_callee(zend_execute_data *frame, bool *done) {
    zend_function *function;
    zend_string *name = NULL;
    char text[1024] = "???";
    if (!PEEK(frame, func, &function)) {
        return false;
    }
    if (is_pointer(function)) {
        if (!PEEK(function, common.function_name, &name)) {
            return false;
        }
        if (!name) {
            uint32_t info;
            if (!PEEK(frame, This.u1.type_info, &info)) {
                return false;
            }
            if (ZEND_CALL_KIND_EX(info) == ZEND_CALL_TOP_CODE) {
                *done = true;
                return true;
            }
            strcpy(text, "[INCLUDE_OR_EVAL]");
        } else if (!peek_string(name, text, sizeof text)) {
            return false;
        }
    }
    add("[0x%016lx] %s()", (unsigned long)frame, text);
    return true;
}

static bool add_frames(zend_execute_data *frame) {
    for (int left = slowlog.depth; frame; left--) {
        bool done = false;
        if (!add_callee(frame, &done)) {
            return false;
        }
        if (done) {
            break;
        }
        if (!PEEK(frame, prev_execute_data, &frame) || !add_place(frame)) {
            return false;
        }
        if (left == 1) {
            break;
        }
    }
    return true;
}

static void tell(zend_execute_data *frame) {
    slowlog.length = 0;
    add_time();
    add("script_filename = %.1023s\n", serving.request->path_translated ? serving.request->path_translated : "");
    if (!add_frames(frame)) {
        add("+++ dump failed\n");
    }
    add_request();
}

// MARK: who walks

static bool take(int from, int to) {
    return atomic_compare_exchange_strong(&slowlog.walker, &from, to);
}

// PHP calls this between two of its instructions, on its own thread.
static void on_interrupt(zend_execute_data *execute_data) {
    if (atomic_load(&slowlog.asked) == atomic_load(&slowlog.generation) && take(PHP_MAY_WALK, PHP_WALKS)) {
        tell(execute_data);
        atomic_store(&slowlog.walker, PHP_WALKED);
    }
    if (next_interrupt) {
        next_interrupt(execute_data);
    }
}

static void interrupt_php(void) {
#if PHP_VERSION_ID >= 80200
    zend_atomic_bool_store_ex(&EG(vm_interrupt), true);
#else
    EG(vm_interrupt) = 1;
#endif
}

static bool is_request(unsigned long generation) {
    return (generation & 1) && atomic_load(&slowlog.generation) == generation;
}

static void pause_a_little(void) {
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

// Reads the stack from outside PHP's thread. The request cannot end meanwhile.
static bool walk_from_thread(unsigned long generation) {
    zend_execute_data *frame;
    if (!is_request(generation) || !peek(&EG(current_execute_data), &frame, sizeof frame) || !frame) {
        return false;
    }
    tell(frame);
    return true;
}

// True when slowlog.text holds a trace of the request that ran when this was called.
static bool trace(void) {
    unsigned long generation = atomic_load(&slowlog.generation);
    if (!is_request(generation)) {
        return false;
    }
    atomic_store(&slowlog.asked, generation);
    atomic_store(&slowlog.walker, PHP_MAY_WALK);
    interrupt_php();
    for (int turn = 0; turn < 20 && atomic_load(&slowlog.walker) == PHP_MAY_WALK; turn++) {
        pause_a_little();
    }
    if (take(PHP_MAY_WALK, THREAD_WALKS)) {
        return walk_from_thread(generation);
    }
    while (atomic_load(&slowlog.walker) == PHP_WALKS) {
        pause_a_little();
    }
    return true;
}

static void *watch(void *unused) {
    (void)unused;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, slowlog.signal);
    for (;;) {
        siginfo_t information;
        if (sigwaitinfo(&signals, &information) != slowlog.signal) {
            continue;
        }
        bool told = trace();
        atomic_store(&slowlog.walker, NOBODY_WALKS);
        // A full disk is no reason to do anything else.
        if (told && write(slowlog.descriptor, slowlog.text, slowlog.length) < 0) {
            continue;
        }
    }
    return NULL;
}

void slowlog_request_begins(void) {
    atomic_fetch_add(&slowlog.generation, 1);
}

void slowlog_request_ends(void) {
    atomic_fetch_add(&slowlog.generation, 1);
    while (atomic_load(&slowlog.walker) == THREAD_WALKS && slowlog.owner == getpid()) {
        pause_a_little();
    }
}

int slowlog_watch(int descriptor, int signal, const char *pool, int depth) {
    slowlog.descriptor = descriptor;
    slowlog.signal = signal;
    slowlog.depth = depth;
    slowlog.pool = strdup(pool);
    slowlog.owner = getpid();
    next_interrupt = zend_interrupt_function;
    zend_interrupt_function = on_interrupt;
    // The thread takes its signal by waiting, so every thread has to hold it back; it must not take any other.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    sigaddset(&before, signal);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, watch, NULL);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}
