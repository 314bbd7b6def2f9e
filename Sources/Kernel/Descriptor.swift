// Apache: srclib/apr/file_io/unix/open.c
import CLinux
import Glibc

/// An open file descriptor and the duty to close it.
public struct Descriptor: ~Copyable, Sendable {
    /// The number, for calls; it stays this value's to close.
    public let raw: Int32
    /// Takes over an open descriptor.
    @inlinable public init(_ raw: Int32) { self.raw = raw }

    deinit { close(raw) }

    /// The number; closing it is now the caller's duty.
    public consuming func take() -> Int32 {
        let number = raw
        discard self
        return number
    }
    /// Keeps the descriptor open in programs that are executed, or not (the state every descriptor here begins with).
    public borrowing func inherit(_ on: Bool) { _ = clinux_close_on_exec(raw, on ? 0 : 1) }
    /// Makes `number` (0, 1 or 2 for a standard stream) another name of this file, kept open in executed programs.
    public borrowing func replace(_ number: Int32) throws(Errno) { try Descriptor.replace(number, by: raw) }
    /// Another number for a descriptor of somebody else's, closed on exec; -1 when there is none.
    public static func duplicate(of other: Int32) -> Int32 { File.duplicateNumber(other) }
    /// `replace` with a descriptor that belongs to somebody else.
    public static func replace(_ number: Int32, by other: Int32) throws(Errno) { _ = try check { dup2(other, number) } }
    /// Another number for the same open file, closed on exec.
    public borrowing func duplicate() throws(Errno) -> Descriptor {
        Descriptor(try check { File.duplicateNumber(raw) })
    }
}

/// Both ends of a pipe, closed on exec, blocking.
public struct Pipe: ~Copyable {
    public let reader: Descriptor
    public let writer: Descriptor
    public init() throws(Errno) {
        var ends: (Int32, Int32) = (-1, -1)
        _ = try check {
            unsafe withUnsafeMutableBytes(of: &ends) {
                unsafe clinux_pipe($0.baseAddress?.assumingMemoryBound(to: Int32.self))
            }
        }
        reader = Descriptor(ends.0)
        writer = Descriptor(ends.1)
    }
    /// Gives both ends away.
    public consuming func split() -> (reader: Int32, writer: Int32) { (reader.take(), writer.take()) }
}
