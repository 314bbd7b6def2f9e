// FastCGI 1.0; PHP: sapi/fpm/fpm/fpm_status.c (ping.path)
import Bytes
import FastCGI
import Kernel

/// One request straight to a pool, as the server would send it.
enum FastCGIProbe {
    struct Answer {
        /// `Status:`, 200 without.
        var status: Int
        var body: ByteString
        var errors: ByteString
    }
    enum Failure: Error { case cannotConnect(Errno), saysNothing, saysNonsense }

    /// Whether the pool at the socket answers its `ping.path`.
    static func ping(_ socket: ByteString, _ path: ByteString) -> Bool {
        guard let answer = try? ask(socket, script: path, name: path) else { return false }
        return answer.status == 200 && !answer.body.isEmpty
    }
    /// - Parameters:
    ///   - socket: A path, or `address:port`.
    ///   - script: SCRIPT_FILENAME.
    static func ask(_ socket: ByteString, script: ByteString, name: ByteString) throws(Failure) -> Answer {
        let connection: Descriptor
        do throws(Errno) { connection = try Socket.connect(try endpoint(socket)) } catch { throw .cannotConnect(error) }
        var request: [UInt8] = []
        RecordEncoder.appendBeginRequest(id: 1, keepsConnection: false, to: &request)
        let variables: [(name: ByteString, value: ByteString)] = [
            ("GATEWAY_INTERFACE", "CGI/1.1"), ("REQUEST_METHOD", "GET"), ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("SCRIPT_FILENAME", script), ("SCRIPT_NAME", name), ("REQUEST_URI", name), ("QUERY_STRING", ""),
            ("REMOTE_ADDR", "127.0.0.1"), ("SERVER_NAME", "localhost"), ("SERVER_SOFTWARE", "martinet site doctor"),
        ]
        RecordEncoder.appendParams(id: 1, variables, to: &request)
        RecordEncoder.appendEnd(of: .stdin, id: 1, to: &request)
        // A TCP connection may not be there yet.
        var sent = false
        for _ in 0..<100 where !sent {
            do throws(Errno) {
                try File.writeAll(connection.raw, request)
                sent = true
            } catch {
                guard error == .notConnected || error == .wouldBlock else { throw .cannotConnect(error) }
                MonotonicTime.sleep(milliseconds: 10)
            }
        }
        guard let bytes = Patience.receive(connection.raw, milliseconds: 10_000, isEnough: { _ in false }) else {
            throw .saysNothing
        }
        return try parse(bytes)
    }
    private static func endpoint(_ text: ByteString) throws(Errno) -> Endpoint {
        if text.hasPrefix("/") || text.hasPrefix("@") { return .unix(text) }
        guard let colon = text.lastIndex(of: UInt8(ascii: ":")), let port = text.from(colon + 1).decimal,
            let number = UInt16(exactly: port)
        else { throw .invalid }
        let host = text.upTo(colon)
        let name = host.isEmpty || host == "localhost" ? "127.0.0.1" : host
        let plain = name.hasPrefix("[") && name.count > 2 ? name[1..<name.count - 1] : name
        guard let address = SocketAddress(plain, port: number) else { throw .invalid }
        return .ip(address)
    }
    static func parse(_ bytes: [UInt8]) throws(Failure) -> Answer {
        var decoder = RecordDecoder(expectedID: 1)
        var position = 0
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var isEnded = false
        reading: while true {
            switch decoder.next(bytes.span, &position) {
            case .stdout(let range): output += bytes[range]
            case .stderr(let range): errors += bytes[range]
            case .endRequest: isEnded = true
            case .needMore: break reading
            case .failed: throw .saysNonsense
            default: continue
            }
        }
        guard isEnded else { throw output.isEmpty && errors.isEmpty ? .saysNothing : .saysNonsense }
        let text = ByteString(output)
        let head = text.firstRange(of: "\r\n\r\n") ?? text.count..<text.count
        var status = 200
        for line in text.upTo(head.lowerBound).split(on: 10) where line.hasPrefixIgnoringCase("status:") {
            status = line.from(7).words().first?.decimal ?? 200
        }
        return Answer(status: status, body: text.from(head.upperBound), errors: ByteString(errors))
    }
}
