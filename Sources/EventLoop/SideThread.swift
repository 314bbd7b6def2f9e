// Apache: srclib/apr/threadproc/unix/thread.c
import Bytes
import Glibc
import Kernel

/// A thread beside a loop's, for a library that has to be called on one thread always. It lives as long as the process.
@safe
public final class SideThread {
    private final class Start {
        let name: ByteString
        let body: () -> Void
        init(_ name: ByteString, _ body: @escaping () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts it. The thread inherits the caller's blocked signals; `stackSize` is in bytes.
    public init(name: ByteString, stackSize: Int, _ body: @escaping () -> Void) throws(Errno) {
        let start = unsafe Unmanaged.passRetained(Start(name, body)).toOpaque()
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, max(stackSize, 1 << 16))
        defer { unsafe pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, &attributes,
            { context in
                if let context = unsafe context {
                    let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                    Process.setName(start.name)
                    start.body()
                }
                return nil
            }, start)
        if code != 0 {
            unsafe Unmanaged<Start>.fromOpaque(start).release()
            throw Errno(rawValue: code)
        }
    }
}
