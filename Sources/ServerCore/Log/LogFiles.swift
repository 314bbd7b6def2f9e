// Apache: server/log.c (ap_open_piped_log, piped_log_maintenance), srclib/apr/file_io/unix/open.c

import Bytes
import Kernel

/// The log files and log programs of one configuration. Each is opened once, however many servers name it.
///
/// Used by the parent only, while it reads configuration and watches its programs; children inherit the descriptors.
public final class LogFiles: @unchecked Sendable {
    private var opened: [ByteString: Int32] = [:]
    /// Programs behind `|`, for the parent to start again when they die.
    public private(set) var programs: [LogProgram] = []
    public init() {}

    /// The descriptor to append lines to. It belongs to this object. A program is looked for now, and started by
    /// ``startPrograms()``: it must become a child of the process that stays.
    /// - Parameter name: An absolute path, or `|program`, `||program`, `|$shell command`.
    public func open(_ name: ByteString) throws(Errno) -> Int32 {
        if let known = opened[name] { return known }
        let descriptor: Int32
        if name.first == UInt8(ascii: "|") {
            let program = try LogProgram(name.from(1))
            programs.append(program)
            descriptor = program.writer
        } else {
            descriptor = try File.openAppend(name).take()
        }
        opened[name] = descriptor
        return descriptor
    }
    /// Starts the programs that do not run.
    /// - Returns: Those that could not be started, and why.
    public func startPrograms() -> [(command: ByteString, error: Errno)] {
        programs.compactMap { program in
            guard program.pid == nil else { return nil }
            do throws(Errno) {
                try program.start()
                return nil
            } catch { return (program.command, error) }
        }
    }
    /// Closes this process's descriptors; programs end when the last child that writes to them has ended.
    public func close() {
        for descriptor in opened.values { File.close(descriptor) }
        for program in programs { program.closeReader() }
        opened = [:]
        programs = []
    }
    /// In a child: only the parent keeps the reading ends.
    public func closeReaders() { for program in programs { program.closeReader() } }
}

/// A program that reads a log from its standard input.
public final class LogProgram: @unchecked Sendable {
    /// As configured, without the marks before it.
    public let command: ByteString
    /// Whether a shell runs it.
    public let isShell: Bool
    /// The process; nil while there is none.
    public internal(set) var pid: Int32?
    let writer: Int32
    private var reader: Int32

    /// Makes the pipe. `text` is what follows the first `|`.
    init(_ text: ByteString) throws(Errno) {
        let plain = text.first == UInt8(ascii: "|") ? text.from(1) : text
        isShell = plain.first == UInt8(ascii: "$")
        command = isShell ? plain.from(1) : plain
        try Self.check(isShell ? "/bin/sh" : Self.arguments(command).first ?? "")
        (reader, writer) = try Pipe().split()
    }
    private static func check(_ program: ByteString) throws(Errno) {
        if File.isAccessible(program, execute: true) { return }
        throw File.exists(program) ? .accessDenied : .notFound
    }
    /// Starts the program, at first or again. What was written meanwhile waits in the pipe.
    public func start() throws(Errno) {
        let words = isShell ? ["/bin/sh", "-c", command] : Self.arguments(command)
        guard let program = words.first else { throw .notFound }
        try Self.check(program)
        pid = try Process.spawn(
            program, arguments: words, environment: Environment.all, directory: nil, input: reader)
    }
    /// The process ended.
    public func ended() { pid = nil }
    func closeReader() {
        if reader >= 0 { File.close(reader) }
        reader = -1
    }

    /// apr_tokenize_to_argv: words between blanks; quotes of either kind join, a backslash protects one byte.
    public static func arguments(_ text: ByteString) -> [ByteString] {
        var words: [ByteString] = []
        var word = ByteString()
        var isOpen = false
        var quote: UInt8?
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            if byte == UInt8(ascii: "\\"), index < text.count {
                word.append(text[index])
                isOpen = true
                index += 1
            } else if byte == quote {
                quote = nil
            } else if quote == nil, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
                isOpen = true
            } else if quote == nil, ASCII.isSpace(byte) {
                if isOpen { words.append(word) }
                word = ByteString()
                isOpen = false
            } else {
                word.append(byte)
                isOpen = true
            }
        }
        if isOpen { words.append(word) }
        return words
    }
}
