// Apache: modules/http2/h2_ws.c

import Bytes
import Expressions
import Kernel
import ServerCore

/// A WebSocket over a stream (RFC 8441): the extended CONNECT becomes the GET with which HTTP/1.1 asks for one, and the answer 101
/// becomes 200, if it proves that the other side understood (RFC 6455, section 4.2.2).
enum WebSocket {
    /// The value of `:protocol`.
    static let name = Array("websocket".utf8)

    /// A key as clients of HTTP/1.1 make one.
    static func makeKey() -> ByteString {
        var generator = SystemRandomNumberGenerator()
        return Base64.encode((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
    /// What the answer must say to a key.
    static func accept(_ key: ByteString) -> ByteString {
        Base64.encode(Digest.sha1(key.bytes + Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
    }
    /// ws_post_read: the host's setting, which may differ from the connection's.
    @Sendable static func check(_ request: Request) -> Outcome {
        guard request.connection.requestStream?.webSocketAccept != nil else { return .declined }
        // Each has its key, and what a file's answer would be is none here.
        request.doNotReuse()
        return HTTP2Config.of(request.server).webSockets.value(default: false) ? .declined : .status(501)
    }
}
