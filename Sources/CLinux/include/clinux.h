#ifndef CLINUX_H
#define CLINUX_H
// What Swift cannot call directly: variadic calls, packed structs, macros with statements, fork.
// Every function keeps the convention of the call it wraps: -1 and errno, unless said otherwise.
#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

// An Internet address without its sockaddr. `port` is in host order; `bytes` in network order (4 used for AF_INET).
typedef struct clinux_address {
    uint16_t family;
    uint16_t port;
    uint32_t scope;
    uint8_t bytes[16];
} clinux_address;

// Descriptors and files.
int clinux_open(const char *path, int flags, unsigned mode);
int clinux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int clinux_pipe(int *ends);
int clinux_close_on_exec(int fd, int on);
int clinux_nonblocking(int fd, int on);
int clinux_lock(int fd, int exclusive);
int clinux_try_lock(int fd);
const char *clinux_entry_name(const void *entry);
int clinux_entry_type(const void *entry);
int clinux_set_attribute(const char *path, const char *name, const void *value, size_t size);

// Sockets. Addresses of family AF_UNSPEC stand for "not an Internet address".
int clinux_socket(int family, int type);
int clinux_bind(int fd, const clinux_address *address);
int clinux_bind_unix(int fd, const char *path, size_t length);
int clinux_connect(int fd, const clinux_address *address);
int clinux_connect_unix(int fd, const char *path, size_t length);
int clinux_accept(int fd, clinux_address *peer);
int clinux_local_address(int fd, clinux_address *address);
int clinux_peer_address(int fd, clinux_address *address);
int clinux_set_option(int fd, int level, int name, int value);
int clinux_get_option(int fd, int level, int name, int *value);
// Copies the path a unix socket is bound to; the number of bytes, or -1.
ssize_t clinux_local_path(int fd, char *path, size_t capacity);
// Text to address; 1 when it was one.
int clinux_parse_address(const char *text, clinux_address *address);
// Address to text with its scope, as inet_ntop; the number of bytes (0: does not fit or is no address).
size_t clinux_print_address(const clinux_address *address, char *text, size_t capacity);
// getaddrinfo for stream sockets. The number of addresses written, or a negative EAI_ code.
int clinux_resolve(const char *name, const char *service, int family, int passive, clinux_address *list, int capacity);
// getnameinfo with NI_NAMEREQD: 0 or an EAI_ code.
int clinux_reverse(const clinux_address *address, char *name, size_t capacity);
int clinux_interface_has(int family);

// epoll. Events are kept in a buffer of `clinux_epoll_event_size()` bytes each.
int clinux_epoll_create(void);
int clinux_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t data);
int clinux_epoll_wait(int epoll, void *events, int capacity, int milliseconds);
#if defined(__x86_64__)
#define CLINUX_EVENT_STRIDE 12
#else
#define CLINUX_EVENT_STRIDE 16
#endif
static inline size_t clinux_epoll_event_size(void) { return CLINUX_EVENT_STRIDE; }
static inline uint32_t clinux_event_mask(const void *events, int index) {
    return *(const uint32_t *)((const char *)events + (size_t)index * CLINUX_EVENT_STRIDE);
}
static inline uint64_t clinux_event_data(const void *events, int index) {
    uint64_t data;
    __builtin_memcpy(&data, (const char *)events + (size_t)index * CLINUX_EVENT_STRIDE + (CLINUX_EVENT_STRIDE - 8), 8);
    return data;
}

// Other event descriptors.
int clinux_eventfd(void);
int clinux_signalfd(const int *signals, int count);
// The next signal number of a signalfd, or -1.
int clinux_signal_read(int fd);
int clinux_signals(int how, const int *signals, int count); // how: 0 block, 1 unblock, 2 block all, 3 unblock all
// The calling thread takes every signal from here on, as an ordinary program's does, so that programs it starts hold none back. TERM and
// USR1 go on to `thread`, which reads them from a signalfd; HUP, INT, QUIT and WINCH do nothing.
int clinux_take_signals(int thread);
int clinux_signal_action(int signal, int ignore);
int clinux_inotify_create(void);

// Processes.
pid_t clinux_fork(void);
// fork, then /bin/sh -c command with the given descriptors (-1: leave as it is) as 0, 1, 2, in a new process group
// when `group`. Signals are unblocked and set to default in the child. The pid, or -1.
pid_t clinux_spawn_shell(const char *command, int input, int output, int error, int group);
typedef struct {
    int resource; // see clinux_limit_named
    uint64_t soft, hard;
} clinux_limit;
// The same without a shell: path, argv and envp end with a null pointer. The limits hold for the program only.
pid_t clinux_spawn(const char *path, char *const *arguments, char *const *environment, const char *directory, int input,
                   int output, int error, const clinux_limit *limits, int limit_count);
int clinux_wait(pid_t pid, int no_hang, int *code, int *signal, pid_t *which);
int clinux_processors(void);
int clinux_thread_id(void);
int clinux_set_name(const char *name);
int clinux_parent_death_signal(int signal);
int clinux_dumpable(int on);
int clinux_get_limit(int resource, uint64_t *soft, uint64_t *hard);
int clinux_set_limit(int resource, uint64_t soft, uint64_t hard);
int clinux_limit_named(const char *name); // "nofile", "core", "cpu", "data", "nproc", "as", "fsize"; -1 when unknown
int clinux_initgroups(const char *user, gid_t group);
// 1 found, 0 not.
int clinux_user(const char *name, uid_t *uid, gid_t *gid, char *home, size_t capacity);
int clinux_user_name(uid_t uid, char *name, size_t capacity);
int clinux_group(const char *name, gid_t *gid);
int clinux_group_name(gid_t gid, char *name, size_t capacity);
int clinux_user_groups(const char *user, gid_t primary, gid_t *list, int capacity);
// Microseconds of processor time; children: those that were waited for.
void clinux_cpu_time(int children, int64_t *user, int64_t *system);
// times(): ticks (see clinux_ticks_per_second) of user, system, children's user, children's system.
void clinux_times(int64_t ticks[4]);
long clinux_ticks_per_second(void);
char **clinux_environment(void);

// Seconds since the epoch to calendar fields: year, month 0-11, day, hour, minute, second, weekday (0 Sunday), day of year,
// daylight saving, offset from UTC in seconds.
int clinux_calendar(int64_t seconds, int local, int32_t fields[10], char zone[16]);
int64_t clinux_seconds(const int32_t fields[6], int local);
const char *clinux_error_text(int error, char *buffer, size_t capacity);

// Memory shared with forked children; NULL and errno.
void *clinux_map_shared(size_t bytes);
// A file in memory of a fixed size that cannot shrink or grow any more, closed on exec; and the mapping of any such file.
int clinux_memory_file(const char *name, size_t bytes);
void *clinux_map_file(int fd, size_t bytes);
int clinux_unmap(void *address, size_t bytes);
// syslog(3); `ident` is copied.
void clinux_openlog(const char *ident, int facility);
void clinux_syslog(int priority, const char *text);
void clinux_closelog(void);

#endif
