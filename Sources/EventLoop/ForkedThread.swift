// Swift: stdlib/public/Threading (the runtime's locks on Linux)

import Glibc
import Kernel

/// Where a forked child of a Swift program has to live.
///
/// The runtime's locks, also those behind lazy globals and metadata, remember the number of the thread they run on in a
/// thread-local variable. The main thread of a forked child inherits its parent's number: the first time such a lock is
/// contended, the kernel does not know the owner, and both threads spin for ever. A new thread asks for its own number.
@safe
public enum ForkedThread {
    private final class Start {
        let body: () -> Never
        init(_ body: @escaping () -> Never) { self.body = body }
    }

    /// Runs `body` on a new thread while the calling one waits and does nothing else. Call it first thing after a fork.
    public static func run(_ body: @escaping () -> Never) throws(Errno) -> Never {
        let start = unsafe Unmanaged.passRetained(Start(body)).toOpaque()
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body()
                }
                return nil
            }, start)
        guard code == 0 else {
            unsafe Unmanaged<Start>.fromOpaque(start).release()
            throw Errno(rawValue: code)
        }
        while true { pthread_join(thread, nil) }
    }
}
