// Apache: server/log.c (piped logs), modules/mappers/mod_rewrite.c (RewriteMap prg)
import Bytes
import CLinux
import Glibc

/// Starting other programs.
extension Process {
    /// A program behind pipes. The pipe ends are this side's, closed on exec and blocking.
    public struct Spawned: ~Copyable {
        public let pid: Int32
        /// Writes to the program's standard input.
        public let input: Descriptor
        /// Reads its standard output, when asked for.
        public let output: Descriptor?

        /// Gives the pipe ends away (`output` is -1 when there is none).
        public consuming func take() -> (pid: Int32, input: Int32, output: Int32) {
            (pid, input.take(), output?.take() ?? -1)
        }
    }
    /// Runs `/bin/sh -c command` with standard input from a pipe and, when `readOutput`, standard output to one.
    /// `error` becomes its standard error (nil: ours). For piped logs and external rewriting maps.
    public static func spawnShell(
        _ command: ByteString, readOutput: Bool = false, output: Int32? = nil, error: Int32? = nil
    ) throws(Errno) -> Spawned {
        let down = try Pipe()
        if readOutput {
            let up = try Pipe()
            let pid = try check {
                unsafe command.withCPath {
                    unsafe clinux_spawn_shell($0, down.reader.raw, up.writer.raw, error ?? -1, 0)
                }
            }
            return Spawned(pid: pid, input: down.writer, output: up.reader)
        }
        let pid = try check {
            unsafe command.withCPath {
                unsafe clinux_spawn_shell($0, down.reader.raw, output ?? -1, error ?? -1, 0)
            }
        }
        return Spawned(pid: pid, input: down.writer, output: nil)
    }

    /// Starts a program (CGI). `environment` holds NAME=value; descriptors that are nil stay as they are, and
    /// `limits` hold for the program (names as ``limit(_:)`` has them). Throws what kept the program from running, as
    /// execve and setrlimit say it. Safe while other threads run.
    public static func spawn(
        _ path: ByteString, arguments: [ByteString], environment: [ByteString], directory: ByteString?,
        input: Int32? = nil, output: Int32? = nil, error: Int32? = nil, limits: [(name: ByteString, value: Limit)] = []
    ) throws(Errno) -> Int32 {
        var bounds: [clinux_limit] = []
        for (name, value) in limits {
            let resource = unsafe name.withCPath { unsafe clinux_limit_named($0) }
            guard resource >= 0 else { throw .invalid }
            bounds.append(clinux_limit(resource: resource, soft: value.soft, hard: value.hard))
        }
        let list = CStringList(arguments)
        let variables = CStringList(environment)
        let place = CStringList(directory.map { [$0] } ?? [])
        return try check {
            unsafe path.withCPath {
                unsafe clinux_spawn(
                    $0, list.pointers, variables.pointers, place.pointers[0], input ?? -1, output ?? -1, error ?? -1,
                    bounds, Int32(bounds.count))
            }
        }
    }
    /// Replaces this program; returns only to throw. `environment` nil keeps ours.
    public static func execute(
        _ path: ByteString, arguments: [ByteString], environment: [ByteString]? = nil
    ) throws(Errno) -> Never {
        let list = CStringList(arguments)
        let variables = environment.map { CStringList($0) }
        _ = unsafe path.withCPath {
            unsafe execve($0, list.pointers, variables?.pointers ?? clinux_environment())
        }
        throw Errno.last
    }
    /// The same with the environment of now; a name without a slash is looked for in PATH.
    public static func executeFromPath(_ name: ByteString, arguments: [ByteString]) throws(Errno) -> Never {
        let list = CStringList(arguments)
        _ = unsafe name.withCPath { unsafe execvp($0, list.pointers) }
        throw Errno.last
    }
}

/// An argv: C strings and a final null pointer, alive as long as this object.
@safe
final class CStringList {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [ByteString]) {
        count = strings.count
        unsafe pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() {
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: string.count + 1)
            for (offset, byte) in string.bytes.enumerated() { unsafe copy[offset] = CChar(bitPattern: byte) }
            unsafe copy[string.count] = 0
            unsafe pointers[index] = copy
        }
        unsafe pointers[count] = nil
    }
    deinit {
        for index in 0..<count { unsafe pointers[index]?.deallocate() }
        unsafe pointers.deallocate()
    }
}
