#include "clinux_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int clinux_accept_blocking(int fd, clinux_address *peer) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un path;
    } from;
    socklen_t length = sizeof from;
    int accepted = accept4(fd, &from.any, &length, SOCK_CLOEXEC);
    if (accepted < 0) return -1;
    memset(peer, 0, sizeof *peer);
    if (length >= sizeof from.v4 && from.any.sa_family == AF_INET) {
        peer->family = AF_INET;
        peer->port = ntohs(from.v4.sin_port);
        memcpy(peer->bytes, &from.v4.sin_addr, 4);
    } else if (length >= sizeof from.v6 && from.any.sa_family == AF_INET6) {
        peer->family = AF_INET6;
        peer->port = ntohs(from.v6.sin6_port);
        peer->scope = from.v6.sin6_scope_id;
        memcpy(peer->bytes, &from.v6.sin6_addr, 16);
    }
    return accepted;
}

ssize_t clinux_receive_now(int fd, void *buffer, size_t count) { return recv(fd, buffer, count, MSG_DONTWAIT); }

ssize_t clinux_look(int fd, void *buffer, size_t count, int wait) {
    return recv(fd, buffer, count, MSG_PEEK | (wait ? 0 : MSG_DONTWAIT));
}

int clinux_wait_readable(int first, int second, int milliseconds) {
    struct pollfd entries[2] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
    int count = poll(entries, 2, milliseconds);
    if (count <= 0) return count;
    return (entries[0].revents ? 1 : 0) | (entries[1].revents ? 2 : 0);
}

int clinux_send_both(int fd, const void *head, size_t head_count, const void *body, size_t body_count) {
    struct iovec pieces[2] = {{(void *)head, head_count}, {(void *)body, body_count}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
    size_t left = head_count + body_count;
    while (left > 0) {
        // For one piece the kernel has less to do.
        ssize_t sent = pieces[1].iov_len ? sendmsg(fd, &message, MSG_NOSIGNAL)
                                         : send(fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            return -1;
        }
        left -= (size_t)sent;
        for (int index = 0; index < 2; index++) {
            size_t part = (size_t)sent < pieces[index].iov_len ? (size_t)sent : pieces[index].iov_len;
            pieces[index].iov_base = (char *)pieces[index].iov_base + part;
            pieces[index].iov_len -= part;
            sent -= (ssize_t)part;
        }
    }
    return 0;
}

static int quit_listener = -1, quit_replacement = -1;
static volatile sig_atomic_t quit_wanted, quit_idle = -1;

static void on_quit(int signal) {
    (void)signal;
    int error = errno, idle = quit_idle;
    quit_wanted = 1;
    if (quit_listener >= 0 && quit_replacement >= 0) dup3(quit_replacement, quit_listener, O_CLOEXEC);
    if (idle >= 0) shutdown(idle, SHUT_RD);
    errno = error;
}

int clinux_soft_quit_install(int listener) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_quit;
    action.sa_flags = SA_RESTART;
    quit_listener = listener;
    if (quit_replacement < 0) quit_replacement = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return sigaction(SIGQUIT, &action, NULL);
}

int clinux_soft_quit_wanted(void) { return quit_wanted; }
void clinux_soft_quit_idle(int fd) { quit_idle = fd; }

size_t clinux_format_time(int64_t seconds, const char *format, char *text, size_t capacity) {
    time_t moment = (time_t)seconds;
    struct tm fields;
    if (capacity == 0 || !localtime_r(&moment, &fields)) return 0;
    return strftime(text, capacity, format, &fields);
}
