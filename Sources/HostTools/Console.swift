// Standard input, output and error of a command.
import Bytes
import Kernel

enum Console {
    static func print(_ text: ByteString) { try? File.writeAll(1, text.bytes) }
    static func error(_ text: ByteString) { try? File.writeAll(2, text.bytes) }

    /// One line of standard input without its end; nil at the end of input.
    static func readLine() -> ByteString? {
        var line: [UInt8] = []
        while true {
            guard case .bytes(1) = File.read(0, into: &line, count: 1) else {
                return line.isEmpty ? nil : ByteString(line)
            }
            if line.last == UInt8(ascii: "\n") { return ByteString(line.dropLast()) }
        }
    }
}

/// Questions to the file system, named as the shell has them.
extension File {
    /// `-e`: follows links.
    static func isThere(_ path: ByteString) -> Bool { (try? FileStatus(path)) != nil }
    /// `-l`.
    static func isLink(_ path: ByteString) -> Bool { (try? FileStatus(link: path))?.isSymlink == true }
    static func isDirectory(_ path: ByteString) -> Bool { (try? FileStatus(path))?.isDirectory == true }
    static func isDangling(_ path: ByteString) -> Bool { isLink(path) && !isThere(path) }
}

extension Directory {
    /// `mkdir -p`.
    static func makeAll(_ path: ByteString, mode: UInt32 = 0o755) throws(Errno) {
        var index = 1
        while index < path.count {
            if path[index] == UInt8(ascii: "/"), !File.isDirectory(path.upTo(index)) {
                try make(path.upTo(index), mode: mode)
            }
            index += 1
        }
        if !File.isDirectory(path) { try make(path, mode: mode) }
    }
}

/// Starting other programs and waiting for them.
enum Command {
    struct Result {
        /// 128 and the signal's number when a signal ended it.
        var status: Int32
        var output: ByteString
    }
    /// Runs a program found in PATH. Its output is ours, unless it is captured; its complaints are ours, or dropped, or
    /// captured with the output (`merging`).
    static func run(
        _ words: [ByteString], environment: [ByteString]? = nil, input: Int32? = nil, capturing: Bool = false,
        quiet: Bool = false, merging: Bool = false
    ) throws(Errno) -> Result {
        guard let name = words.first else { throw .notFound }
        let path = try find(name)
        let nowhere = quiet ? try File.open("/dev/null", .writeOnly).take() : nil
        defer { if let nowhere { File.close(nowhere) } }
        let environment = environment ?? Environment.all
        guard capturing else {
            let pid = try Process.spawn(
                path, arguments: words, environment: environment, directory: nil, input: input, error: nowhere)
            return Result(status: status(of: pid), output: "")
        }
        let ends = try Pipe().split()
        defer { File.close(ends.reader) }
        let pid: Int32
        do {
            pid = try Process.spawn(
                path, arguments: words, environment: environment, directory: nil, input: input, output: ends.writer,
                error: merging ? ends.writer : nowhere)
        } catch {
            File.close(ends.writer)
            throw error
        }
        File.close(ends.writer)
        var output: [UInt8] = []
        while case .bytes(let count) = File.read(ends.reader, into: &output, count: 4096), count > 0 {}
        return Result(status: status(of: pid), output: ByteString(output))
    }
    /// The status only; 127 when the program cannot be started.
    static func status(_ words: [ByteString], environment: [ByteString]? = nil, quiet: Bool = false) -> Int32 {
        (try? run(words, environment: environment, quiet: quiet).status) ?? 127
    }

    private static func status(of pid: Int32) -> Int32 {
        guard let exit = Process.reap(pid, wait: true) else { return 127 }
        return exit.code ?? (128 + (exit.signal ?? 0))
    }
    static func find(_ name: ByteString) throws(Errno) -> ByteString {
        if name.contains("/") { return name }
        let path = Environment.get("PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        for folder in path.split(on: UInt8(ascii: ":")) {
            let candidate: ByteString = "\(folder.isEmpty ? "." : folder)/\(name)"
            if File.isAccessible(candidate, execute: true), !File.isDirectory(candidate) { return candidate }
        }
        throw .notFound
    }
    /// Whether systemd is the first process.
    static var isUnderSystemd: Bool { ((try? File.readLink("/proc/1/exe")) ?? "").contains("systemd") }
}

extension ByteString {
    /// Takes interpolated literals too.
    static func += (left: inout ByteString, right: ByteString) { left.bytes += right.bytes }
    init(joining words: [ByteString], with separator: StaticString = " ") {
        self.init(words.map(\.bytes).joined(separator: ByteString(separator).bytes))
    }
}
