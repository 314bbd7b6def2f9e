// Apache: srclib/apr/misc/unix/errorcodes.c
import Bytes
import CLinux
import Glibc

/// An error number of the kernel, with the text of `strerror`.
public struct Errno: RawRepresentable, Error, Sendable, Hashable, CustomStringConvertible {
    public var rawValue: Int32
    @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The error of the call that just failed on this thread.
    public static var last: Errno { Errno(rawValue: errno) }

    /// `strerror` text: "Permission denied".
    public var description: String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress else { return "Unknown error" }
            return unsafe String(cString: clinux_error_text(rawValue, start, 256))
        }
    }
    /// The text as bytes, for the error log.
    public var text: ByteString { ByteString(description) }

    public static let permission = Errno(rawValue: EPERM)
    public static let notFound = Errno(rawValue: ENOENT)
    public static let noProcess = Errno(rawValue: ESRCH)
    public static let interrupted = Errno(rawValue: EINTR)
    public static let inputOutput = Errno(rawValue: EIO)
    public static let badDescriptor = Errno(rawValue: EBADF)
    public static let noChild = Errno(rawValue: ECHILD)
    public static let wouldBlock = Errno(rawValue: EAGAIN)
    public static let noMemory = Errno(rawValue: ENOMEM)
    public static let accessDenied = Errno(rawValue: EACCES)
    public static let exists = Errno(rawValue: EEXIST)
    public static let crossDevice = Errno(rawValue: EXDEV)
    public static let notDirectory = Errno(rawValue: ENOTDIR)
    public static let isDirectory = Errno(rawValue: EISDIR)
    public static let invalid = Errno(rawValue: EINVAL)
    public static let tooManyFilesInSystem = Errno(rawValue: ENFILE)
    public static let tooManyFiles = Errno(rawValue: EMFILE)
    public static let fileTooBig = Errno(rawValue: EFBIG)
    public static let noSpace = Errno(rawValue: ENOSPC)
    public static let brokenPipe = Errno(rawValue: EPIPE)
    public static let nameTooLong = Errno(rawValue: ENAMETOOLONG)
    public static let notImplemented = Errno(rawValue: ENOSYS)
    public static let notEmpty = Errno(rawValue: ENOTEMPTY)
    public static let loop = Errno(rawValue: ELOOP)
    public static let addressInUse = Errno(rawValue: EADDRINUSE)
    public static let addressNotAvailable = Errno(rawValue: EADDRNOTAVAIL)
    public static let familyNotSupported = Errno(rawValue: EAFNOSUPPORT)
    public static let networkUnreachable = Errno(rawValue: ENETUNREACH)
    public static let connectionAborted = Errno(rawValue: ECONNABORTED)
    public static let connectionReset = Errno(rawValue: ECONNRESET)
    public static let connectionRefused = Errno(rawValue: ECONNREFUSED)
    public static let hostUnreachable = Errno(rawValue: EHOSTUNREACH)
    public static let timedOut = Errno(rawValue: ETIMEDOUT)
    public static let inProgress = Errno(rawValue: EINPROGRESS)
    public static let notConnected = Errno(rawValue: ENOTCONN)
}

/// What a read or write came to.
public enum IOResult: Sendable, Equatable {
    /// How many bytes were moved; 0 from a read is the end of the stream.
    case bytes(Int)
    /// Nothing can be moved now.
    case wouldBlock
    case failed(Errno)
}

/// The value of a call that returns -1 and `errno`, as an error; repeated while it is interrupted.
@inline(__always)
func check<I: FixedWidthInteger & SignedInteger>(_ call: () -> I) throws(Errno) -> I {
    while true {
        let result = call()
        if result >= 0 { return result }
        let error = errno
        if error != EINTR { throw Errno(rawValue: error) }
    }
}

/// The same for a read or write.
@inline(__always)
func transfer(_ call: () -> Int) -> IOResult {
    while true {
        let result = call()
        if result >= 0 { return .bytes(result) }
        let error = errno
        if error == EAGAIN { return .wouldBlock }
        if error != EINTR { return .failed(Errno(rawValue: error)) }
    }
}

extension ByteString {
    /// Calls `body` with the bytes and a final NUL. A string that holds a NUL itself would be cut short by the kernel:
    /// then `body` is not called and the result is -1 with `EINVAL`.
    @inline(__always)
    func withCPath<I: FixedWidthInteger & SignedInteger>(_ body: (UnsafePointer<CChar>) -> I) -> I {
        let count = bytes.count
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count + 1) { copy in
            guard let start = copy.baseAddress else { return -1 }
            let clean = unsafe bytes.withUnsafeBufferPointer { from in
                guard let source = from.baseAddress, count > 0 else { return true }
                unsafe memcpy(start, source, count)
                return unsafe memchr(source, 0, count) == nil
            }
            unsafe start[count] = 0
            guard clean else {
                errno = EINVAL
                return -1
            }
            return unsafe body(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self))
        }
    }
    /// The bytes of a C string.
    @unsafe public init(cString: UnsafePointer<CChar>) {
        self = unsafe ByteString(Array(UnsafeRawBufferPointer(start: cString, count: strlen(cString))))
    }
}
