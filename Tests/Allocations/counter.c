// Preloaded into a server: counts its allocations, thread by thread, in a file that the test maps too.
// ALLOCATIONS names the file, which exists with its full size; ALLOCATIONS_TRACE a file for the stacks of allocations made
// while `tracing` is set.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SLOTS = 255 };

struct slot {
    _Atomic uint64_t pid, allocations, bytes, frees;
};
struct counts {
    _Atomic uint64_t used, tracing, unused[2];
    struct slot slots[SLOTS];
};

// glibc's own names of what is replaced here: no lookup, which would itself allocate.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static struct counts *counts;
static int trace = -1;
static uintptr_t program;
static __thread struct slot *mine __attribute__((tls_model("initial-exec")));
static __thread int within __attribute__((tls_model("initial-exec")));

__attribute__((constructor)) static void prepare(void) {
    const char *name = getenv("ALLOCATIONS");
    int file = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof(struct counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped == MAP_FAILED) return;
    const char *stacks = getenv("ALLOCATIONS_TRACE");
    if (stacks) {
        trace = open(stacks, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        program = getauxval(AT_PHDR) & ~(uintptr_t)4095;
    }
    counts = mapped;
}

// A thread's slot is its own, and a child of fork has threads made after it: so no slot belongs to two processes at work.
static struct slot *own(void) {
    if (!mine) {
        uint64_t index = atomic_fetch_add(&counts->used, 1);
        if (index >= SLOTS) index = SLOTS - 1;
        mine = &counts->slots[index];
        atomic_store(&mine->pid, (uint64_t)syscall(SYS_getpid));
    }
    return mine;
}

static void note(size_t size) {
    if (!counts) return;
    struct slot *slot = own();
    atomic_fetch_add_explicit(&slot->allocations, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&slot->bytes, size, memory_order_relaxed);
    if (trace < 0 || within || !atomic_load_explicit(&counts->tracing, memory_order_relaxed)) return;
    within = 1;
    int kept = errno;
    // Frame pointers, as Swift's code has them; addresses relative to the program, an empty line after each stack.
    void **frame = __builtin_frame_address(0);
    for (int depth = 0; depth < 24; depth++) {
        void **outer = frame[0];
        uintptr_t at = (uintptr_t)frame[1] - program;
        if (at < 1 << 28) dprintf(trace, "%lx\n", (unsigned long)at);
        if (outer <= frame || (char *)outer - (char *)frame > 1 << 16) break;
        frame = outer;
    }
    if (write(trace, "\n", 1) < 0) {}
    errno = kept;
    within = 0;
}

void *malloc(size_t size) {
    note(size);
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    note(count * size);
    return __libc_calloc(count, size);
}
void *realloc(void *old, size_t size) {
    note(size);
    if (old && counts) atomic_fetch_add_explicit(&own()->frees, 1, memory_order_relaxed);
    return __libc_realloc(old, size);
}
void *memalign(size_t alignment, size_t size) {
    note(size);
    return __libc_memalign(alignment, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
    note(size);
    return __libc_memalign(alignment, size);
}
int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) || alignment & (alignment - 1) || !alignment) return EINVAL;
    note(size);
    void *made = __libc_memalign(alignment, size);
    if (!made) return ENOMEM;
    *result = made;
    return 0;
}
void free(void *old) {
    if (old && counts) atomic_fetch_add_explicit(&own()->frees, 1, memory_order_relaxed);
    __libc_free(old);
}
