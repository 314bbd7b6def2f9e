#ifndef CLINUX_WORKER_H
#define CLINUX_WORKER_H
// What a worker with one thread and blocking sockets needs.
#include "clinux.h"

// accept4 without O_NONBLOCK: the new socket blocks. Waits, and -1 with EINTR when a signal came.
int clinux_accept_blocking(int fd, clinux_address *peer);
// Bytes that are there already: recv with MSG_DONTWAIT.
ssize_t clinux_receive_now(int fd, void *buffer, size_t count);
// Leaves what it reads where it is.
ssize_t clinux_look(int fd, void *buffer, size_t count, int wait);
// Waits until one of the descriptors is readable or has ended; bit 0 and 1 of the result say which. `second` may be -1.
// 0 when the time (milliseconds, -1: none) is over, -1 with EINTR when a signal came.
int clinux_wait_readable(int first, int second, int milliseconds);
// Writes both pieces, whole; 0, or -1 with what was written unknown.
int clinux_send_both(int fd, const void *head, size_t head_count, const void *body, size_t body_count);

// Leaving softly. The handler of SIGQUIT remembers the wish, puts a socket that accepts nothing in place of the listener, so
// that an accept that waits fails, and ends the input of the connection named idle.
int clinux_soft_quit_install(int listener);
int clinux_soft_quit_wanted(void);
void clinux_soft_quit_idle(int fd); // -1: none

// strftime in the zone of this process; the number of bytes, 0 when they do not fit.
size_t clinux_format_time(int64_t seconds, const char *format, char *text, size_t capacity);
#endif
