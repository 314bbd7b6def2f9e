#include "clinux_processes.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// The kernel tells the queue of one unix socket by its inode, over netlink (sock_diag(7)).

static int find_queue(char *answer, size_t size, unsigned *waiting, unsigned *length) {
    struct nlmsghdr *head = (struct nlmsghdr *)answer;
    if (!NLMSG_OK(head, size) || head->nlmsg_type != SOCK_DIAG_BY_FAMILY) return -1;
    if (head->nlmsg_len < NLMSG_LENGTH(sizeof(struct unix_diag_msg))) return -1;
    struct unix_diag_msg *message = NLMSG_DATA(head);
    struct rtattr *attribute = (struct rtattr *)(message + 1);
    int left = (int)(head->nlmsg_len - NLMSG_LENGTH(sizeof *message));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type != UNIX_DIAG_RQLEN || RTA_PAYLOAD(attribute) < sizeof(struct unix_diag_rqlen)) continue;
        struct unix_diag_rqlen queue;
        memcpy(&queue, RTA_DATA(attribute), sizeof queue);
        *waiting = queue.udiag_rqueue;
        *length = queue.udiag_wqueue;
        return 0;
    }
    return -1;
}

int clinux_unix_queue(int listener, unsigned *waiting, unsigned *length) {
    struct stat status;
    if (fstat(listener, &status) < 0) return -1;
    int diag = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (diag < 0) return -1;
    struct {
        struct nlmsghdr head;
        struct unix_diag_req body;
    } request = {
        .head = {.nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = AF_UNIX,
                 .udiag_states = ~0U,
                 .udiag_ino = (unsigned)status.st_ino,
                 .udiag_show = UDIAG_SHOW_RQLEN,
                 .udiag_cookie = {~0U, ~0U}},
    };
    union {
        struct nlmsghdr head;
        char bytes[1024];
    } answer;
    int result = -1;
    // The answer is there when send returns.
    if (send(diag, &request, sizeof request, 0) == (ssize_t)sizeof request) {
        ssize_t size = recv(diag, &answer, sizeof answer, MSG_DONTWAIT);
        if (size > 0) result = find_queue(answer.bytes, (size_t)size, waiting, length);
    }
    close(diag);
    return result;
}
