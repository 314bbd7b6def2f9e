#ifndef CLINUX_PROCESSES_H
#define CLINUX_PROCESSES_H
// What a process manager needs: siblings, descriptors over sockets, titles, capabilities.
// Every function keeps the convention of the call it wraps: -1 and errno, unless said otherwise.
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// A fork whose child is a child of this process's parent. Only from a process with one thread; handlers of
// pthread_atfork do not run.
pid_t clinux_clone_sibling(void);
// A connected pair of packet sockets (SOCK_SEQPACKET), closed on exec, blocking.
int clinux_packet_pair(int *ends);
// One message with descriptors. The number of bytes sent, or -1.
ssize_t clinux_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count);
// One message; `found` gets the number of descriptors written, closed on exec. With `look` the message stays, and its
// descriptors are left out. Never waits when `no_wait`. The number of bytes, 0 at the end, or -1.
ssize_t clinux_receive_descriptors(int socket, void *bytes, size_t capacity, int *descriptors, int descriptor_capacity,
                                   int *found, int look, int no_wait);
// Closes every descriptor from `first` on.
int clinux_close_from(int first);
// Overwrites the memory of argv and environ, which ps shows; cut where it ends. The environment moves first.
void clinux_set_title(const char *title);
int clinux_keep_capabilities(int on); // over setuid
// Permitted and effective capabilities become exactly this set (bit numbers of linux/capability.h).
int clinux_set_capabilities(uint64_t set);
int clinux_priority(int value);
int clinux_clear_environment(void);
// Connections that wait at a TCP listener, and how many can.
int clinux_listen_queue(int listener, unsigned *waiting, unsigned *length);
// The same of a unix listener; -1 where the kernel does not tell.
int clinux_unix_queue(int listener, unsigned *waiting, unsigned *length);
// The user at the other end of a unix socket.
int clinux_peer_user(int socket, uid_t *uid);
// As clinux_wait for any child without waiting; `core` is 1 when the child left a core. 1 found, 0 none yet, -1.
int clinux_reap(pid_t *which, int *code, int *signal, int *core);
#endif
