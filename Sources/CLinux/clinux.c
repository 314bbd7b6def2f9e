#include "clinux.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <linux/openat2.h>
#include <net/if.h>
#include <netdb.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct epoll_event) == CLINUX_EVENT_STRIDE, "epoll_event layout");

// Descriptors and files.

int clinux_open(const char *path, int flags, unsigned mode) { return open(path, flags | O_CLOEXEC, mode); }

int clinux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int clinux_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }

int clinux_close_on_exec(int fd, int on) { return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0); }

int clinux_nonblocking(int fd, int on) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int clinux_lock(int fd, int exclusive) { return flock(fd, exclusive ? LOCK_EX : LOCK_UN); }
int clinux_try_lock(int fd) { return flock(fd, LOCK_EX | LOCK_NB); }

const char *clinux_entry_name(const void *entry) { return ((const struct dirent *)entry)->d_name; }
int clinux_entry_type(const void *entry) { return ((const struct dirent *)entry)->d_type; }

int clinux_set_attribute(const char *path, const char *name, const void *value, size_t size) {
    return setxattr(path, name, value, size, 0);
}

// Sockets.

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un path;
    struct sockaddr_storage storage;
} address_union;

static socklen_t to_sockaddr(const clinux_address *from, address_union *to) {
    memset(to, 0, sizeof *to);
    if (from->family == AF_INET) {
        to->v4.sin_family = AF_INET;
        to->v4.sin_port = htons(from->port);
        memcpy(&to->v4.sin_addr, from->bytes, 4);
        return sizeof to->v4;
    }
    to->v6.sin6_family = AF_INET6;
    to->v6.sin6_port = htons(from->port);
    to->v6.sin6_scope_id = from->scope;
    memcpy(&to->v6.sin6_addr, from->bytes, 16);
    return sizeof to->v6;
}

static void from_sockaddr(const address_union *from, clinux_address *to) {
    memset(to, 0, sizeof *to);
    to->family = from->any.sa_family;
    if (from->any.sa_family == AF_INET) {
        to->port = ntohs(from->v4.sin_port);
        memcpy(to->bytes, &from->v4.sin_addr, 4);
    } else if (from->any.sa_family == AF_INET6) {
        to->port = ntohs(from->v6.sin6_port);
        to->scope = from->v6.sin6_scope_id;
        memcpy(to->bytes, &from->v6.sin6_addr, 16);
    }
}

static socklen_t unix_address(const char *path, size_t length, address_union *to) {
    if (length == 0 || length >= sizeof to->path.sun_path) {
        errno = ENAMETOOLONG;
        return 0;
    }
    memset(to, 0, sizeof *to);
    to->path.sun_family = AF_UNIX;
    memcpy(to->path.sun_path, path, length);
    if (path[0] == '@') to->path.sun_path[0] = 0;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] == '@' ? 0 : 1));
}

int clinux_socket(int family, int type) { return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

int clinux_bind(int fd, const clinux_address *address) {
    address_union to;
    socklen_t length = to_sockaddr(address, &to);
    return bind(fd, &to.any, length);
}

int clinux_bind_unix(int fd, const char *path, size_t length) {
    address_union to;
    socklen_t size = unix_address(path, length, &to);
    return size ? bind(fd, &to.any, size) : -1;
}

int clinux_connect(int fd, const clinux_address *address) {
    address_union to;
    socklen_t length = to_sockaddr(address, &to);
    return connect(fd, &to.any, length);
}

int clinux_connect_unix(int fd, const char *path, size_t length) {
    address_union to;
    socklen_t size = unix_address(path, length, &to);
    return size ? connect(fd, &to.any, size) : -1;
}

int clinux_accept(int fd, clinux_address *peer) {
    address_union from;
    socklen_t length = sizeof from;
    int accepted = accept4(fd, &from.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
        if (length < sizeof(sa_family_t)) from.any.sa_family = AF_UNSPEC;
        from_sockaddr(&from, peer);
    }
    return accepted;
}

int clinux_local_address(int fd, clinux_address *address) {
    address_union from;
    socklen_t length = sizeof from;
    if (getsockname(fd, &from.any, &length) < 0) return -1;
    from_sockaddr(&from, address);
    return 0;
}

int clinux_peer_address(int fd, clinux_address *address) {
    address_union from;
    socklen_t length = sizeof from;
    if (getpeername(fd, &from.any, &length) < 0) return -1;
    from_sockaddr(&from, address);
    return 0;
}

ssize_t clinux_local_path(int fd, char *path, size_t capacity) {
    address_union from;
    socklen_t length = sizeof from;
    if (getsockname(fd, &from.any, &length) < 0) return -1;
    if (from.any.sa_family != AF_UNIX || length <= offsetof(struct sockaddr_un, sun_path)) return 0;
    size_t count = strnlen(from.path.sun_path, length - offsetof(struct sockaddr_un, sun_path));
    if (count > capacity) count = capacity;
    memcpy(path, from.path.sun_path, count);
    return (ssize_t)count;
}

int clinux_set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value);
}

int clinux_get_option(int fd, int level, int name, int *value) {
    socklen_t length = sizeof *value;
    return getsockopt(fd, level, name, value, &length);
}

int clinux_parse_address(const char *text, clinux_address *address) {
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, address->bytes) == 1) {
        address->family = AF_INET;
        return 1;
    }
    char copy[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
    size_t length = strlen(text);
    if (length >= sizeof copy) return 0;
    memcpy(copy, text, length + 1);
    char *percent = strchr(copy, '%');
    if (percent) {
        *percent = 0;
        address->scope = if_nametoindex(percent + 1);
        if (address->scope == 0) return 0;
    }
    if (inet_pton(AF_INET6, copy, address->bytes) != 1) return 0;
    address->family = AF_INET6;
    return 1;
}

size_t clinux_print_address(const clinux_address *address, char *text, size_t capacity) {
    if (!inet_ntop(address->family, address->bytes, text, (socklen_t)capacity)) return 0;
    size_t length = strlen(text);
    if (address->family == AF_INET6 && address->scope != 0) {
        char name[IF_NAMESIZE];
        if (if_indextoname(address->scope, name) && length + 1 + strlen(name) < capacity) {
            text[length] = '%';
            strcpy(text + length + 1, name);
            length = strlen(text);
        }
    }
    return length;
}

int clinux_resolve(const char *name, const char *service, int family, int passive, clinux_address *list, int capacity) {
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = passive ? AI_PASSIVE : 0};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(name, service, &hints, &found);
    if (code != 0) return code < 0 ? code : -code;
    int count = 0;
    for (struct addrinfo *at = found; at && count < capacity; at = at->ai_next) {
        if (at->ai_addrlen > sizeof(address_union)) continue;
        address_union from;
        memset(&from, 0, sizeof from);
        memcpy(&from, at->ai_addr, at->ai_addrlen);
        from_sockaddr(&from, &list[count++]);
    }
    freeaddrinfo(found);
    return count;
}

int clinux_reverse(const clinux_address *address, char *name, size_t capacity) {
    address_union to;
    socklen_t length = to_sockaddr(address, &to);
    return getnameinfo(&to.any, length, name, (socklen_t)capacity, NULL, 0, NI_NAMEREQD);
}

int clinux_interface_has(int family) {
    struct ifaddrs *list = NULL;
    if (getifaddrs(&list) < 0) return 0;
    int found = 0;
    for (struct ifaddrs *at = list; at; at = at->ifa_next) {
        if (at->ifa_addr && at->ifa_addr->sa_family == family) found = 1;
    }
    freeifaddrs(list);
    return found;
}

// epoll and other event descriptors.

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data = {.u64 = data}};
    return epoll_ctl(epoll, operation, fd, &event);
}

int clinux_epoll_wait(int epoll, void *events, int capacity, int milliseconds) {
    return epoll_wait(epoll, events, capacity, milliseconds);
}

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

static void fill_set(sigset_t *set, const int *signals, int count) {
    sigemptyset(set);
    for (int index = 0; index < count; index++) sigaddset(set, signals[index]);
}

int clinux_signalfd(const int *signals, int count) {
    sigset_t set;
    fill_set(&set, signals, count);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int clinux_signal_read(int fd) {
    struct signalfd_siginfo info;
    ssize_t count;
    do {
        count = read(fd, &info, sizeof info);
    } while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof info ? (int)info.ssi_signo : -1;
}

int clinux_signals(int how, const int *signals, int count) {
    sigset_t set;
    if (how >= 2) {
        sigfillset(&set);
    } else {
        fill_set(&set, signals, count);
    }
    int code = pthread_sigmask(how % 2 == 0 ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
    if (code == 0) return 0;
    errno = code;
    return -1;
}

int clinux_signal_action(int number, int ignore) {
    struct sigaction action = {.sa_handler = ignore ? SIG_IGN : SIG_DFL};
    return sigaction(number, &action, NULL);
}

// The thread that gets the signals which another one was interrupted by.
static pid_t signals_thread, signals_process;

static void pass_signal_on(int number) {
    int before = errno;
    if (getpid() == signals_process) {
        syscall(SYS_tgkill, signals_process, signals_thread, number);
    } else {
        // A fork that has not become another program yet.
        signal(number, SIG_DFL);
        raise(number);
    }
    errno = before;
}

static void let_signal_pass(int number) { (void)number; }

int clinux_take_signals(int thread) {
    static const int passed[] = {SIGTERM, SIGUSR1}, nothing[] = {SIGHUP, SIGINT, SIGQUIT, SIGWINCH};
    struct sigaction action = {.sa_handler = pass_signal_on, .sa_flags = SA_RESTART};
    signals_thread = thread;
    signals_process = getpid();
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) sigaction(passed[i], &action, NULL);
    action.sa_handler = let_signal_pass;
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) sigaction(nothing[i], &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    errno = pthread_sigmask(SIG_SETMASK, &none, NULL);
    return errno ? -1 : 0;
}

int clinux_inotify_create(void) { return inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }

// Processes.

pid_t clinux_fork(void) { return fork(); }

static int place(int from, int to) {
    if (from < 0) return 0;
    if (from == to) return fcntl(to, F_SETFD, 0);
    return dup2(from, to) < 0 ? -1 : 0;
}

// In the child: only calls that are safe after fork in a process with threads.
__attribute__((noinline)) static void prepare_child(int input, int output, int error) {
    // Sources that are themselves 0-2 would be overwritten by an earlier placement: move them up first.
    int *ends[3] = {&input, &output, &error};
    for (int index = 0; index < 3; index++) {
        if (*ends[index] >= 0 && *ends[index] < 3 && *ends[index] != index) {
            *ends[index] = fcntl(*ends[index], F_DUPFD_CLOEXEC, 3);
        }
    }
    if (place(input, 0) < 0 || place(output, 1) < 0 || place(error, 2) < 0) _exit(126);
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < 65; number++) sigaction(number, &action, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

pid_t clinux_spawn_shell(const char *command, int input, int output, int error, int group) {
    pid_t pid = fork();
    if (pid != 0) return pid;
    if (group) setpgid(0, 0);
    prepare_child(input, output, error);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

pid_t clinux_spawn(const char *path, char *const *arguments, char *const *environment, const char *directory, int input,
                   int output, int error, const clinux_limit *limits, int limit_count) {
    // vfork shares memory until the exec: no page table is copied, and what fails in the child is seen here. Unlike
    // posix_spawn, it lets the child set limits. No signal may be handled in the shared memory meanwhile.
    volatile int failure = 0;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pid_t pid = vfork();
    if (pid == 0) {
        for (int index = 0; index < limit_count; index++) {
            if (clinux_set_limit(limits[index].resource, limits[index].soft, limits[index].hard) < 0) {
                failure = errno;
                _exit(126);
            }
        }
        if (directory && chdir(directory) < 0) {
            failure = errno;
            _exit(126);
        }
        prepare_child(input, output, error);
        execve(path, arguments, environment);
        failure = errno;
        _exit(127);
    }
    if (pid < 0) failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure == 0) return pid;
    if (pid > 0) waitpid(pid, NULL, 0);
    errno = failure;
    return -1;
}

int clinux_wait(pid_t pid, int no_hang, int *code, int *signal, pid_t *which) {
    int status = 0;
    pid_t result = waitpid(pid, &status, no_hang ? WNOHANG : 0);
    if (result < 0) return -1;
    *which = result;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return result == 0 ? 0 : 1;
}

int clinux_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        int count = CPU_COUNT(&set);
        if (count > 0) return count;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

int clinux_set_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
int clinux_parent_death_signal(int number) { return prctl(PR_SET_PDEATHSIG, number, 0, 0, 0); }
int clinux_dumpable(int on) { return prctl(PR_SET_DUMPABLE, on, 0, 0, 0); }

int clinux_get_limit(int resource, uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) < 0) return -1;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

int clinux_set_limit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    return setrlimit((__rlimit_resource_t)resource, &limit);
}

int clinux_limit_named(const char *name) {
    static const struct {
        const char *name;
        int resource;
    } table[] = {{"nofile", RLIMIT_NOFILE}, {"core", RLIMIT_CORE}, {"cpu", RLIMIT_CPU},    {"data", RLIMIT_DATA},
                 {"nproc", RLIMIT_NPROC},   {"as", RLIMIT_AS},     {"fsize", RLIMIT_FSIZE}, {"stack", RLIMIT_STACK}};
    for (size_t index = 0; index < sizeof table / sizeof table[0]; index++) {
        if (strcmp(name, table[index].name) == 0) return table[index].resource;
    }
    return -1;
}

int clinux_initgroups(const char *user, gid_t group) { return initgroups(user, group); }

static int copy_text(const char *from, char *to, size_t capacity) {
    size_t length = strlen(from);
    if (length >= capacity) return 0;
    memcpy(to, from, length + 1);
    return 1;
}

int clinux_user(const char *name, uid_t *uid, gid_t *gid, char *home, size_t capacity) {
    struct passwd entry, *found = NULL;
    char buffer[16384];
    if (getpwnam_r(name, &entry, buffer, sizeof buffer, &found) != 0 || !found) return 0;
    *uid = found->pw_uid;
    *gid = found->pw_gid;
    return copy_text(found->pw_dir, home, capacity);
}

int clinux_user_name(uid_t uid, char *name, size_t capacity) {
    struct passwd entry, *found = NULL;
    char buffer[16384];
    if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) != 0 || !found) return 0;
    return copy_text(found->pw_name, name, capacity);
}

int clinux_group(const char *name, gid_t *gid) {
    struct group entry, *found = NULL;
    char buffer[65536];
    if (getgrnam_r(name, &entry, buffer, sizeof buffer, &found) != 0 || !found) return 0;
    *gid = found->gr_gid;
    return 1;
}

int clinux_group_name(gid_t gid, char *name, size_t capacity) {
    struct group entry, *found = NULL;
    char buffer[65536];
    if (getgrgid_r(gid, &entry, buffer, sizeof buffer, &found) != 0 || !found) return 0;
    return copy_text(found->gr_name, name, capacity);
}

int clinux_user_groups(const char *user, gid_t primary, gid_t *list, int capacity) {
    int count = capacity;
    return getgrouplist(user, primary, list, &count) < 0 ? -1 : count;
}

void clinux_cpu_time(int children, int64_t *user, int64_t *system) {
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    getrusage(children ? RUSAGE_CHILDREN : RUSAGE_SELF, &usage);
    *user = (int64_t)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec;
    *system = (int64_t)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec;
}

void clinux_times(int64_t ticks[4]) {
    struct tms now;
    memset(&now, 0, sizeof now);
    times(&now);
    ticks[0] = now.tms_utime;
    ticks[1] = now.tms_stime;
    ticks[2] = now.tms_cutime;
    ticks[3] = now.tms_cstime;
}

long clinux_ticks_per_second(void) { return sysconf(_SC_CLK_TCK); }

char **clinux_environment(void) { return environ; }

// Time and text.

int clinux_calendar(int64_t seconds, int local, int32_t fields[10], char zone[16]) {
    time_t at = seconds;
    struct tm tm;
    if (!(local ? localtime_r(&at, &tm) : gmtime_r(&at, &tm))) return -1;
    const int values[10] = {tm.tm_year + 1900, tm.tm_mon,  tm.tm_mday, tm.tm_hour,  tm.tm_min,
                            tm.tm_sec,         tm.tm_wday, tm.tm_yday, tm.tm_isdst, (int)tm.tm_gmtoff};
    for (int index = 0; index < 10; index++) fields[index] = values[index];
    snprintf(zone, 16, "%s", tm.tm_zone ? tm.tm_zone : "");
    return 0;
}

int64_t clinux_seconds(const int32_t fields[6], int local) {
    struct tm tm = {.tm_year = fields[0] - 1900, .tm_mon = fields[1], .tm_mday = fields[2], .tm_hour = fields[3],
                    .tm_min = fields[4],         .tm_sec = fields[5], .tm_isdst = local ? -1 : 0};
    return local ? mktime(&tm) : timegm(&tm);
}

const char *clinux_error_text(int error, char *buffer, size_t capacity) { return strerror_r(error, buffer, capacity); }

void *clinux_map_shared(size_t bytes) {
    void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return address == MAP_FAILED ? NULL : address;
}

int clinux_memory_file(const char *name, size_t bytes) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -1;
    if (ftruncate(fd, (off_t)bytes) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

void *clinux_map_file(int fd, size_t bytes) {
    void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return address == MAP_FAILED ? NULL : address;
}

int clinux_unmap(void *address, size_t bytes) { return munmap(address, bytes); }

int clinux_thread_id(void) { return (int)syscall(SYS_gettid); }

// The system's log.

void clinux_openlog(const char *ident, int facility) {
    // openlog keeps the pointer.
    static char kept[256];
    snprintf(kept, sizeof kept, "%s", ident);
    openlog(kept, LOG_PID | LOG_CONS, facility);
}

void clinux_syslog(int priority, const char *text) { syslog(priority, "%s", text); }
void clinux_closelog(void) { closelog(); }
