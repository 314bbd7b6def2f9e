import Bytes
import Kernel
import Testing

/// A running supervisor whose workers obey lines (`Tests/FPMDouble`), in a directory of its own.
final class Double {
    let directory: ByteString
    let pid: Int32
    private var hasEnded = false

    /// `@` in the configuration stands for the directory.
    init(_ configuration: String, failure: String? = nil) throws {
        directory = "/tmp/martinet-double-\(Process.id)-\(Self.next())"
        try Directory.make(directory, mode: 0o755)
        try Self.write(configuration, directory)
        if let failure { try File.writeWhole("\(directory)/failure", Array(failure.utf8)) }
        let log = try File.openAppend("\(directory)/log")
        let null = try File.open("/dev/null")
        let program = try File.realPath("/proc/self/exe")
        let slash = try #require(program.bytes.lastIndex(of: UInt8(ascii: "/")))
        let double: ByteString = "\(Self.productDirectory ?? program.upTo(slash))/fpm-double"
        pid = try Process.spawn(
            double, arguments: [double, "\(directory)/conf", "\(directory)/failure"], environment: ["PATH=/bin"],
            directory: nil, input: null.raw, output: log.raw, error: log.raw)
    }
    deinit {
        if !hasEnded {
            try? Process.kill(pid, Signal.terminate)
            _ = Process.reap(pid, wait: true)
        }
        for name in ["conf", "log", "failure", "a", "b", "conf.control"] as [ByteString] {
            try? File.unlink("\(directory)/\(name)")
        }
        try? Directory.remove(directory)
    }
    private static func next() -> UInt64 { MonotonicTime.microseconds }

    /// The tests' bundle is given on the command line where a runner executes it.
    private static var productDirectory: ByteString? {
        for argument in CommandLine.arguments.map({ ByteString($0) }) {
            guard let slash = argument.bytes.lastIndex(of: UInt8(ascii: "/")) else { continue }
            if File.exists(argument.upTo(slash) + "/fpm-double") { return argument.upTo(slash) }
        }
        return nil
    }
    private static func write(_ configuration: String, _ directory: ByteString) throws {
        let text = configuration.split(separator: "@", omittingEmptySubsequences: false).joined(
            separator: directory.string)
        try File.writeWhole("\(directory)/conf", Array(text.utf8))
    }
    func configure(_ configuration: String) throws { try Self.write(configuration, directory) }

    /// A connection to a pool's socket with a line sent, for an answer later.
    func begin(_ line: String, _ pool: String = "a") throws -> Descriptor {
        let socket = try Socket.connect(.unix("\(directory)/\(pool)"))
        File.setNonBlocking(socket.raw, false)
        try File.writeAll(socket.raw, Array((line + "\n").utf8))
        return socket
    }
    /// Everything up to the end of the connection.
    static func answer(_ socket: borrowing Descriptor) -> String {
        var bytes: [UInt8] = []
        while case .bytes(let count) = File.read(socket.raw, into: &bytes, count: 4096), count > 0 {}
        return ByteString(bytes).trimmed().string
    }
    func ask(_ line: String, _ pool: String = "a") throws -> String { Self.answer(try begin(line, pool)) }
    func command(_ line: String) throws -> String { Self.answer(try begin(line, "conf.control")) }

    var log: String {
        (try? File.readWhole("\(directory)/log", limit: 1 << 24)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
    func count(_ text: String) -> Int { ByteString(log).split(on: 10).count { $0.contains(ByteString(text)) } }
    /// Waits until a line holds the text so often.
    func expect(_ text: String, times: Int = 1, seconds: UInt64 = 5, sourceLocation: SourceLocation = #_sourceLocation)
    {
        let limit = MonotonicTime.milliseconds + seconds * 1000
        while MonotonicTime.milliseconds < limit {
            if count(text) >= times { return }
            _ = Poll.readable([], milliseconds: 5)
        }
        Issue.record("\(text) is not in the log:\n\(log)", sourceLocation: sourceLocation)
    }
    func signal(_ number: Int32) throws { try Process.kill(pid, number) }
    func end() -> Int32? {
        hasEnded = true
        return Process.reap(pid, wait: true)?.code
    }
}
