// Apache: modules/http/http_filters.c ap_send_http_trace

import Bytes

/// The answer to `TRACE` with a body (`TraceEnable extended`): the request's head, then its body, in one piece.
final class TraceBody: BodySource {
    /// Bytes of a request body that may be echoed.
    static let limit: UInt64 = 65536
    static let tooLong: ByteString = "Extended TRACE request bodies cannot exceed 64k\n"
    /// Apache's buffer for a chunked body, less the room it keeps for a chunk's head.
    private static let chunkedLimit = 73730 - 32

    private unowned let request: Request
    private let head: ByteString
    private let body: any BodySource
    private var isGiven = false

    init(_ request: Request, head: ByteString, _ body: any BodySource) {
        self.request = request
        self.head = head
        self.body = body
    }

    func next() async throws(BodyError) -> ByteString? {
        guard !isGiven else { return nil }
        isGiven = true
        var echo = head
        while let piece = try await body.next() {
            guard echo.count - head.count + piece.count <= Self.chunkedLimit else {
                request.notes.set("error-notes", Self.tooLong)
                throw .status(413)
            }
            echo.append(piece)
        }
        return echo
    }
}
