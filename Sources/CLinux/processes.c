#include "clinux_processes.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

pid_t clinux_clone_sibling(void) {
    // glibc keeps the thread's number in its descriptor; the kernel knows where, and writes the child's there.
    int *thread = NULL;
    unsigned long flags = CLONE_PARENT | SIGCHLD;
    if (prctl(PR_GET_TID_ADDRESS, &thread) == 0 && thread) {
        flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    } else {
        thread = NULL;
    }
#if defined(__x86_64__)
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, thread, NULL);
#else
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, thread);
#endif
}

int clinux_packet_pair(int *ends) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends); }

enum { MOST_DESCRIPTORS = 16 };

ssize_t clinux_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int) * MOST_DESCRIPTORS)];
    } control;
    struct iovec piece = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (descriptor_count > MOST_DESCRIPTORS) {
        errno = EINVAL;
        return -1;
    }
    if (descriptor_count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)descriptor_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)descriptor_count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)descriptor_count);
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t clinux_receive_descriptors(int socket, void *bytes, size_t capacity, int *descriptors, int descriptor_capacity,
                                   int *found, int look, int no_wait) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int) * MOST_DESCRIPTORS)];
    } control;
    struct iovec piece = {.iov_base = bytes, .iov_len = capacity};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (!look) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
    }
    *found = 0;
    ssize_t count;
    do {
        count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (look ? MSG_PEEK : 0) | (no_wait ? MSG_DONTWAIT : 0));
    } while (count < 0 && errno == EINTR);
    if (count < 0 || look) return count;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int number = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int index = 0; index < number; index++) {
            int one;
            memcpy(&one, CMSG_DATA(header) + (size_t)index * sizeof(int), sizeof one);
            if (*found < descriptor_capacity) {
                descriptors[(*found)++] = one;
            } else {
                close(one);
            }
        }
    }
    return count;
}

int clinux_close_from(int first) { return (int)syscall(SYS_close_range, (unsigned)first, ~0u, 0); }

// The memory that the kernel shows as the command line: argv's strings and, right behind them, the environment's.
static char *title_start, *title_end;

__attribute__((constructor)) static void find_title(int count, char **arguments, char **environment) {
    if (count < 1 || !arguments || !arguments[0]) return;
    title_start = title_end = arguments[0];
    for (int index = 0; index < count; index++) {
        if (arguments[index] == title_end) title_end = arguments[index] + strlen(arguments[index]) + 1;
    }
    for (char **next = environment; next && *next; next++) {
        if (*next == title_end) title_end = *next + strlen(*next) + 1;
    }
}

static int moved_environment;

static int move_environment(void) {
    if (moved_environment || !environ) return 1;
    size_t count = 0;
    while (environ[count]) count++;
    char **copy = calloc(count + 1, sizeof *copy);
    if (!copy) return 0;
    for (size_t index = 0; index < count; index++) {
        copy[index] = strdup(environ[index]);
        if (!copy[index]) return 0;
    }
    environ = copy;
    moved_environment = 1;
    return 1;
}

void clinux_set_title(const char *title) {
    if (!title_start || title_end - title_start < 2 || !move_environment()) return;
    size_t room = (size_t)(title_end - title_start) - 1, length = strlen(title);
    if (length > room) length = room;
    memcpy(title_start, title, length);
    memset(title_start + length, 0, room + 1 - length);
}

int clinux_keep_capabilities(int on) { return prctl(PR_SET_KEEPCAPS, on, 0, 0, 0); }

int clinux_set_capabilities(uint64_t set) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    memset(data, 0, sizeof data);
    for (int half = 0; half < 2; half++) data[half].permitted = data[half].effective = (uint32_t)(set >> (32 * half));
    return (int)syscall(SYS_capset, &header, data);
}

int clinux_priority(int value) { return setpriority(PRIO_PROCESS, 0, value); }

int clinux_clear_environment(void) { return clearenv(); }

int clinux_listen_queue(int listener, unsigned *waiting, unsigned *length) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size) < 0) return -1;
    *waiting = info.tcpi_unacked;
    *length = info.tcpi_sacked;
    return 0;
}

int clinux_peer_user(int socket, uid_t *uid) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -1;
    *uid = peer.uid;
    return 0;
}

int clinux_reap(pid_t *which, int *code, int *signal, int *core) {
    int status = 0;
    pid_t pid;
    do {
        pid = waitpid(-1, &status, WNOHANG);
    } while (pid < 0 && errno == EINTR);
    if (pid <= 0) return (int)pid;
    *which = pid;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    *core = WIFSIGNALED(status) && WCOREDUMP(status) ? 1 : 0;
    return 1;
}
