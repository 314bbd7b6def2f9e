import Bytes
import Glibc
import HTTP
import Kernel

@testable import EventLoop
@testable import ServerCore

/// A module that shows what was merged and how often somebody walked, and that reads of the client what it is told to.
enum Probe {
    struct Marks: MergeableConfig {
        var marks: [ByteString] = []
        var reads: [ByteString] = []
        static func merged(_ base: Marks, _ child: Marks) -> Marks {
            Marks(marks: base.marks + child.marks, reads: base.reads + child.reads)
        }
    }
    static let marks = ConfigKey<Marks>()

    final class Count { var walks = 0 }
    static func count(_ worker: Worker) -> Count {
        let key = ObjectIdentifier(Count.self)
        if let known = worker.moduleState[key] as? Count { return known }
        let made = Count()
        worker.moduleState[key] = made
        return made
    }

    static let module = ModuleDefinition(
        "probe", .core, isStatic: true,
        directives: [
            Directive("Mark", [.server, .fileInfo], "a word", .take1 { $0[marks].marks.append($1) }),
            Directive("Reads", [.server, .fileInfo], "what is read", .iterate { $0[marks].reads.append($1) }),
        ]
    ) { hooks in
        // As `Require all granted`.
        hooks.onAccessCheckerEx { _ in .ok }
        hooks.onFixups(fixups)
    }

    @Sendable private static func fixups(_ request: Request) -> ServerCore.Outcome {
        count(request.connection.worker).walks += 1
        for name in request[marks].reads {
            switch name {
            case "address": _ = request.remoteAddress
            case "second": request.dependsOnSecond()
            case "anything": request.doNotReuse()
            case "fields": _ = request.headersIn
            default: _ = request.header(name)
            }
        }
        request.headersOut.set("X-Marks", words(request))
        return .ok
    }
    static func words(_ request: Request) -> ByteString {
        var text: ByteString = ""
        for mark in request[marks].marks { text.append(text.isEmpty ? mark : " " + mark) }
        return text
    }
}

/// A document root with files, a configuration for it, and a loop's worker.
final class Site {
    /// Holds everything; `DIR` in configurations and paths.
    let directory: ByteString
    let configuration: Configuration
    let worker: Worker
    var loop: EventLoop { worker.loop }

    /// - Parameter files: path below the directory (`/htdocs/a/f.html`) and content.
    init(_ text: String, files: [(String, String)] = []) throws {
        directory = "/tmp/martinet-core-\(Process.id)-\(UInt64.random(in: 0...UInt64.max))"
        try Directory.make(directory)
        try Directory.make(directory + "/htdocs")
        for (path, content) in files {
            try Self.write(content, directory, ByteString(path))
            Self.age(directory + ByteString(path))
        }
        let config = directory + "/httpd.conf"
        let whole = "ServerName main.test\nDocumentRoot DIR/htdocs\n\(text)\n"
        try File.writeWhole(config, Array(Self.fill(whole, directory).utf8))
        configuration = Configuration(
            available: [Core.module, Core.http, Probe.module],
            commandLine: CommandLineConfiguration(serverRoot: directory, configFile: config))
        do { try ConfigurationLoader(configuration).load() } catch {
            Self.remove(directory)
            throw error
        }
        for server in configuration.servers { server.errorLog = ErrorLog(descriptor: -1) }
        worker = Worker(loop: try EventLoop(), configuration: configuration, connectionLimit: 16)
    }
    deinit { Self.remove(directory) }

    var walks: Int { Probe.count(worker).walks }

    func write(_ content: String, to path: ByteString) throws { try Self.write(content, directory, path) }

    private static func write(_ content: String, _ directory: ByteString, _ path: ByteString) throws {
        for (index, byte) in path.enumerated() where index > 0 && byte == UInt8(ascii: "/") {
            let folder = directory + path.upTo(index)
            if !File.exists(folder) { try Directory.make(folder) }
        }
        try File.writeWhole(directory + path, Array(fill(content, directory).utf8))
    }
    /// No answer is kept about a file that was changed just now.
    private static func age(_ path: ByteString) {
        let times = [timespec(tv_sec: 1_700_000_000, tv_nsec: 0), timespec(tv_sec: 1_700_000_000, tv_nsec: 0)]
        _ = unsafe utimensat(AT_FDCWD, path.string, times, 0)
    }
    private static func fill(_ text: String, _ directory: ByteString) -> String {
        var result = ""
        var rest = Substring(text)
        while let range = rest.firstRange(of: "DIR") {
            result += rest[..<range.lowerBound] + directory.string
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
    private static func remove(_ directory: ByteString) {
        for entry in (try? Directory.entries(directory)) ?? [] where entry.name != "." && entry.name != ".." {
            let path = directory + "/" + entry.name
            if (try? FileStatus(link: path))?.kind == .directory { remove(path) } else { try? File.unlink(path) }
        }
        try? Directory.remove(directory)
    }

    /// A request that was not sent, for walking.
    func request(_ uri: ByteString, server: Server? = nil) -> Request {
        let server = server ?? configuration.mainServer!
        let connection = Connection(
            worker: worker, channel: Channel(index: 0, generation: 0), localAddress: .loopback(port: 80),
            remoteAddress: .loopback(port: 1234), candidates: [server], keepAlives: 0, id: 1)
        return Request(connection: connection, server: server, method: "GET", unparsedURI: uri)
    }

    /// Serves on a port of this machine while `body` is at work on the same loop.
    func serve(_ body: @escaping (Visitor) async throws -> Void) throws {
        let listener = try Socket.listen(.loopback(port: 0))
        try worker.listen(on: [listener.raw])
        let visitor = Visitor(loop, try Socket.localAddress(listener.raw))
        let failure = Failure()
        let loop = loop
        loop.spawnLocal {
            do { try await body(visitor) } catch { failure.error = error }
            visitor.close()
            loop.stop()
        }
        loop.run()
        _ = listener.raw
        if let error = failure.error { throw error }
    }
    private final class Failure { var error: (any Error)? }
}

/// A client with one connection.
final class Visitor {
    struct Answer {
        var status = 0
        var marks: ByteString?
        var body: ByteString = ""
    }
    struct Unreadable: Error { var text: ByteString }

    let loop: EventLoop
    private let address: SocketAddress
    private var channel: Channel?

    init(_ loop: EventLoop, _ address: SocketAddress) {
        self.loop = loop
        self.address = address
    }
    func close() {
        if let channel { loop.close(channel) }
        channel = nil
    }
    /// Asks with fields like `"X-A: 1\r\n"`; Host is added unless they have one.
    func ask(_ target: ByteString, _ fields: ByteString = "", method: ByteString = "GET") async throws -> Answer {
        let host: ByteString = fields.hasPrefix("Host:") ? "" : "Host: main.test\r\n"
        let text: ByteString = "\(method) \(target) HTTP/1.1\r\n\(host)\(fields)\r\n"
        let channel = try connection()
        try await loop.sendAll(channel, text.bytes, timeout: 5000)
        var read: [UInt8] = []
        while true {
            let count = try await loop.receive(channel, timeout: 5000)
            guard count > 0 else { throw Unreadable(text: ByteString(read)) }
            loop.withInput(count) { read.append($0, 0..<$0.count) }
            guard let end = ByteString(read).firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else { continue }
            let head = ByteString(read[..<end])
            var answer = Answer()
            var length = 0
            for (number, line) in head.split(on: 10).enumerated() {
                let words = line.string.split(whereSeparator: \.isWhitespace)
                if number == 0, words.count > 1 { answer.status = Int(words[1]) ?? 0 }
                if line.hasPrefix("Content-Length:"), words.count > 1 { length = Int(words[1]) ?? 0 }
                if line.hasPrefix("X-Marks:") { answer.marks = ByteString(words.dropFirst().joined(separator: " ")) }
                if line.hasPrefix("Connection: close") { self.channel = nil }
            }
            if method == "HEAD" || answer.status == 304 { length = 0 }
            guard read.count >= end + length else { continue }
            answer.body = ByteString(read[end...])
            return answer
        }
    }
    private func connection() throws -> Channel {
        if let channel { return channel }
        let socket = try Socket.connect(.ip(address))
        let made = try loop.adopt(socket.take(), tag: 0)
        channel = made
        return made
    }
}
