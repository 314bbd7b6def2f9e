// Apache: server/mpm/event/event.c (start_threads, join_start_thread)
import Bytes
import Glibc
import Kernel

/// A thread that runs one loop until the loop stops.
@safe
public final class LoopThread {
    private final class Start {
        let loop: EventLoop
        let name: ByteString
        init(_ loop: EventLoop, _ name: ByteString) {
            self.loop = loop
            self.name = name
        }
    }
    private var thread = pthread_t()

    /// Starts it. The thread inherits the caller's blocked signals; `name` is what `ps -L` shows.
    public init(_ loop: EventLoop, name: ByteString) throws(Errno) {
        let start = unsafe Unmanaged.passRetained(Start(loop, name)).toOpaque()
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                if let context = unsafe context {
                    let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                    Process.setName(start.name)
                    start.loop.run()
                }
                return nil
            }, start)
        if code != 0 {
            unsafe Unmanaged<Start>.fromOpaque(start).release()
            throw Errno(rawValue: code)
        }
    }
    /// Waits for its end. Call it once.
    public func join() { pthread_join(thread, nil) }
}
