// Apache: modules/filters/mod_data.c

import Bytes
import HTTP
import ServerCore

/// mod_data: the `DATA` filter makes a `data:` URL (RFC 2397) of an answer.
public enum DataURL {
    public static let module = ModuleDefinition("data", .filters, directives: []) { hooks in
        hooks.addOutputFilter(OutputFilter("DATA", .resource, apply))
    }

    @Sendable private static func apply(_ request: Request) {
        guard request.isInitial else { return }
        let start = prefix(request.contentType)
        if let text = request.headersOut["Content-Length"] {
            if let length = text.decimal, length >= 0, length < Int(Int32.max) {
                request.headersOut.set("Content-Length", ByteString(decimal: start.count + (length + 2) / 3 * 4))
            } else {
                request.headersOut.unset("Content-Length")
            }
        }
        request.setContentType("text/plain", isTrusted: true)
        guard !request.isHeadOnly else { return }
        request.responseBody = .stream(DataSource(start, request.responseBody.asSource()))
    }

    /// `data:text/html;charset=x;base64,`: the type up to its first blank, and the word behind it.
    static func prefix(_ type: ByteString?) -> ByteString {
        guard let type else { return "data:;base64," }
        let parts = type.split(on: UInt8(ascii: " "))
        let charset = parts.count > 1 ? parts[1] : ""
        return "data:\(parts.first ?? "")\(charset);base64,"
    }
}

/// Bytes as base64, three at a time.
private final class DataSource: BodySource {
    private let inner: any BodySource
    private var start: ByteString?
    private var rest: [UInt8] = []
    private(set) var isAtEnd = false
    var wantsFlush: Bool { inner.wantsFlush }

    init(_ start: ByteString, _ inner: any BodySource) {
        self.start = start
        self.inner = inner
    }
    func cancel() { inner.cancel() }

    func next() async throws(BodyError) -> ByteString? {
        if isAtEnd { return nil }
        var result = start ?? ""
        start = nil
        if let piece = try await inner.next() {
            rest += piece.bytes
            let whole = rest.count - rest.count % 3
            result.append(Base64.encode(Array(rest[..<whole])))
            rest.removeFirst(whole)
            return result
        }
        isAtEnd = true
        result.append(Base64.encode(rest))
        return result
    }
}
