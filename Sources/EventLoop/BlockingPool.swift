// Apache: srclib/apr-util/misc/apr_thread_pool.c
import Glibc
import Kernel
import Synchronization

/// Threads for calls that may block: they begin when there is work, and end when there has been none for a while.
@safe
public final class BlockingPool: @unchecked Sendable {
    private let lock = ThreadLock()
    private let limit: Int
    private let idleSeconds: Int
    // Under the lock.
    private var work: [@Sendable () -> Void] = []
    private var next = 0
    private var threads = 0
    private var idle = 0

    /// At most `limit` threads, each of which ends after `idleSeconds` without work.
    public init(limit: Int, idleSeconds: Int = 10) {
        self.limit = max(1, limit)
        self.idleSeconds = max(1, idleSeconds)
    }
    /// How many threads there are now.
    public var threadCount: Int {
        lock.lock()
        defer { lock.unlock() }
        return threads
    }

    /// Runs `body` on one of the threads, in the order of submission. Where no thread can be made and none exists it
    /// runs on the caller's.
    public func submit(_ body: @escaping @Sendable () -> Void) {
        lock.lock()
        work.append(body)
        let waiting = work.count - next
        if idle >= waiting || threads >= limit {
            lock.signal()
            lock.unlock()
            return
        }
        threads += 1
        lock.unlock()
        if !startThread() { threadFailed() }
    }
    private func startThread() -> Bool {
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        // Signals belong to the loops' thread. The mask is inherited.
        var all = sigset_t()
        var old = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, &old)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &old, nil) }
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, 1 << 19)
        defer { unsafe pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, &attributes,
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<BlockingPool>.fromOpaque(context).takeRetainedValue().serve()
                }
                return nil
            }, context)
        if code != 0 { unsafe Unmanaged<BlockingPool>.fromOpaque(context).release() }
        return code == 0
    }
    private func threadFailed() {
        lock.lock()
        threads -= 1
        let body = threads == 0 ? takeFirst() : nil
        lock.unlock()
        body?()
    }
    private func takeFirst() -> (@Sendable () -> Void)? {
        guard next < work.count else { return nil }
        let body = work[next]
        next += 1
        if next == work.count {
            work.removeAll(keepingCapacity: true)
            next = 0
        } else if next >= 64, next * 2 > work.count {
            work.removeFirst(next)
            next = 0
        }
        return body
    }
    private func serve() {
        Process.setName("blocking")
        lock.lock()
        while true {
            if let body = takeFirst() {
                lock.unlock()
                body()
                lock.lock()
            } else if !waitForWork() {
                break
            }
        }
        threads -= 1
        lock.unlock()
    }
    /// Under the lock; false when the time passed without work.
    private func waitForWork() -> Bool {
        idle += 1
        let wasSignalled = lock.wait(seconds: idleSeconds)
        idle -= 1
        return wasSignalled || next < work.count
    }
}
