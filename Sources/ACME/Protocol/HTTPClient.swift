// Apache: modules/md/md_http.c, modules/md/md_curl.c

import Bytes
import Kernel

/// Why a request got no answer.
public enum HTTPError: Error, Sendable, CustomStringConvertible {
    case badURL(String)
    case resolve(String)
    case connect(String)
    case timedOut
    case tls(String)
    case tooLarge
    case badAnswer(String)

    /// As mod_md has libcurl's errors (curl_status).
    public var status: Int {
        switch self {
        case .badURL: StatusCode.invalid
        case .resolve, .connect: Int(Errno.connectionRefused.rawValue)
        case .timedOut: StatusCode.timeUp
        case .tls: Int(Errno.connectionAborted.rawValue)
        case .tooLarge, .badAnswer: StatusCode.general
        }
    }
    public var description: String {
        switch self {
        case .badURL(let url): "not a URL that can be asked: \(url)"
        case .resolve(let text), .connect(let text), .tls(let text), .badAnswer(let text): text
        case .timedOut: "the time is over"
        case .tooLarge: "the answer is too large"
        }
    }
}

public struct HTTPResponse: Sendable {
    public var status = 0
    /// Names in lower case.
    public var fields: [(name: String, value: String)] = []
    public var body: [UInt8] = []

    public func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    /// The media type without parameters, in lower case.
    public var contentType: String? {
        field("content-type").map { String($0.prefix { $0 != ";" && $0 != " " }).lowercased() }
    }
    /// The targets of `Link` fields with this relation.
    public func links(_ relation: String) -> [String] {
        fields.filter { $0.name == "link" }.flatMap { $0.value.split(separator: ",") }.compactMap { link in
            let parts = link.split(separator: ";").map { $0.drop { $0 == " " } }
            guard let target = parts.first, target.hasPrefix("<"), let end = target.lastIndex(of: ">"),
                parts.dropFirst().contains(where: { $0 == "rel=\"\(relation)\"" || $0 == "rel=\(relation)" })
            else { return nil }
            return String(target[target.index(after: target.startIndex)..<end])
        }
    }
}

/// An absolute `http:` or `https:` URL.
public struct RequestURL: Sendable, Hashable {
    public var isSecure: Bool
    public var host: String
    public var port: UInt16
    /// Path and query.
    public var target: String

    public init?(_ text: String) {
        let lower = text.lowercased()
        let rest: Substring
        if lower.hasPrefix("https://") {
            isSecure = true
            rest = text.dropFirst(8)
        } else if lower.hasPrefix("http://") {
            isSecure = false
            rest = text.dropFirst(7)
        } else {
            return nil
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var target = String(rest.dropFirst(authority.count).prefix { $0 != "#" })
        if !target.hasPrefix("/") { target = "/" + target }
        guard !target.utf8.contains(where: { $0 <= 32 || $0 == 127 }), !authority.contains("@") else { return nil }
        self.target = target
        port = isSecure ? 443 : 80
        var name = authority
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            name = authority[authority.index(after: authority.startIndex)..<end]
            let tail = authority[authority.index(after: end)...]
            if !tail.isEmpty {
                guard tail.hasPrefix(":"), let number = UInt16(tail.dropFirst()) else { return nil }
                port = number
            }
        } else if let colon = authority.lastIndex(of: ":") {
            name = authority[..<colon]
            guard let number = UInt16(authority[authority.index(after: colon)...]) else { return nil }
            port = number
        }
        guard !name.isEmpty, !name.contains("["), name.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
        host = name.lowercased()
    }
    /// The value of `Host`.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }
}

/// Waiting for a socket. `deadline` is monotonic milliseconds.
enum SocketWait {
    static func readable(_ socket: Int32, until deadline: UInt64) throws(HTTPError) {
        guard !Poll.readable([socket], milliseconds: try left(deadline)).isEmpty else { throw .timedOut }
    }
    static func writable(_ socket: Int32, until deadline: UInt64) throws(HTTPError) {
        guard Poll.isWritable(socket, milliseconds: try left(deadline)) else { throw .timedOut }
    }
    private static func left(_ deadline: UInt64) throws(HTTPError) -> Int32 {
        let now = MonotonicTime.milliseconds
        guard now < deadline else { throw .timedOut }
        return Int32(clamping: deadline - now)
    }
}

/// A small client that blocks: one connection for each request.
public struct HTTPClient: Sendable {
    public var userAgent: String
    public var trust: TrustStore
    /// `MDHttpProxy`
    public var proxy: RequestURL?
    /// Bytes of an answer, head and body.
    public var sizeLimit = 1024 * 1024
    /// For connecting, in milliseconds.
    public var connectTimeout: UInt64 = 30_000
    /// For a whole request, in milliseconds.
    public var timeout: UInt64 = 120_000

    public init(userAgent: String, trust: TrustStore, proxy: RequestURL? = nil) {
        self.userAgent = userAgent
        self.trust = trust
        self.proxy = proxy
    }

    public func perform(
        _ method: String, _ url: String, fields: [(String, String)] = [], body: [UInt8]? = nil
    ) throws(HTTPError) -> HTTPResponse {
        guard let target = RequestURL(url) else { throw .badURL(url) }
        let deadline = MonotonicTime.milliseconds + timeout
        let peer = proxy ?? target
        let socket = try connect(peer)
        let stream = Stream(socket: socket)
        if target.isSecure {
            if proxy != nil { try tunnel(stream, target, deadline) }
            stream.tls = try TLSConnection(stream.raw, host: target.host, trust: trust, until: deadline)
        }
        let line = proxy != nil && !target.isSecure ? "http://\(target.authority)\(target.target)" : target.target
        var head = "\(method) \(line) HTTP/1.1\r\nHost: \(target.authority)\r\nUser-Agent: \(userAgent)\r\n"
        head += "Accept: */*\r\nConnection: close\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        try stream.write(Array((head + "\r\n").utf8) + (body ?? []), until: deadline)
        return try ResponseReader(stream, limit: sizeLimit, until: deadline).response(hasBody: method != "HEAD")
    }

    private func connect(_ peer: RequestURL) throws(HTTPError) -> Descriptor {
        let addresses: [SocketAddress]
        do throws(Resolver.Failure) {
            addresses = try Resolver.addresses(of: ByteString(peer.host), port: peer.port)
        } catch { throw .resolve("\(peer.host): \(error)") }
        let deadline = MonotonicTime.milliseconds + connectTimeout
        var reason = HTTPError.resolve("\(peer.host) has no address")
        for address in addresses {
            do {
                let socket = try Socket.connect(.ip(address))
                try SocketWait.writable(socket.raw, until: deadline)
                if let error = Socket.connectResult(socket.raw) { throw error }
                return socket
            } catch let error as HTTPError {
                reason = error
            } catch {
                reason = .connect("connect to \(address.textWithPort): \(error)")
            }
        }
        throw reason
    }
    private func tunnel(_ stream: Stream, _ target: RequestURL, _ deadline: UInt64) throws(HTTPError) {
        let name = "\(target.host.contains(":") ? "[\(target.host)]" : target.host):\(target.port)"
        let request = "CONNECT \(name) HTTP/1.1\r\nHost: \(name)\r\nUser-Agent: \(userAgent)\r\n\r\n"
        try stream.write(Array(request.utf8), until: deadline)
        let answer = try ResponseReader(stream, limit: 65536, until: deadline).response(hasBody: false)
        guard answer.status == 200 else { throw .connect("the proxy answers \(answer.status) to CONNECT") }
    }
}

/// A socket with or without TLS.
final class Stream {
    let raw: Int32
    var tls: TLSConnection?
    init(socket: consuming Descriptor) { raw = socket.take() }
    deinit { File.close(raw) }

    func write(_ bytes: [UInt8], until deadline: UInt64) throws(HTTPError) {
        if let tls { return try tls.write(bytes, until: deadline) }
        var offset = 0
        while offset < bytes.count {
            switch Socket.send(raw, bytes, from: offset) {
            case .bytes(let count): offset += count
            case .wouldBlock: try SocketWait.writable(raw, until: deadline)
            case .failed(let error): throw .connect("send: \(error)")
            }
        }
    }
    /// Appends what came; false at the end.
    func read(into buffer: inout [UInt8], until deadline: UInt64) throws(HTTPError) -> Bool {
        if let tls { return try tls.read(into: &buffer, until: deadline) }
        while true {
            switch Socket.receive(raw, into: &buffer, upTo: 16384) {
            case .bytes(let count): return count > 0
            case .wouldBlock: try SocketWait.readable(raw, until: deadline)
            case .failed(let error): throw .connect("receive: \(error)")
            }
        }
    }
}
