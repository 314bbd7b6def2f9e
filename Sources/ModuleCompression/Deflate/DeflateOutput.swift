// Apache: modules/filters/mod_deflate.c deflate_out_filter

import Bytes
import HTTP
import ServerCore

/// The output filter DEFLATE.
enum DeflateOutput {
    @Sendable static func apply(_ request: Request) {
        if isTooSmall(request) {
            request.log(
                .trace1, "deflate",
                "Not compressing very small response of \(request.responseBody.knownCount ?? 0) bytes")
            return
        }
        if let reason = refusal(request) {
            request.log(.trace1, "deflate", "Not compressing (\(reason))")
            return
        }
        if request.contentType?.hasPrefix("text/html") != true, request.env["gzip-only-text/html"] == "1" {
            request.log(.trace1, "deflate", "Not compressing, (gzip-only-text/html)")
            return
        }
        let encoding = ContentCoding.current(request)
        guard ContentCoding.isUnencoded(encoding, request, module: "deflate") else { return }
        request.headersOut.merge("Vary", "Accept-Encoding")
        guard request.isSet("force-gzip") || ContentCoding.clientAccepts(request, "gzip") else { return }
        compress(request, encoding)
    }

    /// What compression adds: 10 bytes of head, 8 of tail, 50 of fields.
    static let overhead = 68
    /// No answer gets smaller that is smaller than that.
    private static func isTooSmall(_ request: Request) -> Bool {
        request.responseBody.knownCount.map { $0 <= overhead } ?? false
    }
    private static func refusal(_ request: Request) -> String? {
        if request.isSubrequest { return "subrequest" }
        if request.status == 204 { return "no content" }
        if request.isSet("no-gzip") { return "no-gzip" }
        return request.headersOut.contains("Content-Range") ? "content-range" : nil
    }

    private static func compress(_ request: Request, _ encoding: ByteString?) {
        let config = request.server[Deflate.server]
        var source: DeflateSource?
        if request.status != 304 {
            var code: Int32 = 0
            guard
                let zlib = ZlibStream(
                    compressing: config.level, window: config.window, memory: config.memory, error: &code)
            else {
                request.log(
                    .error, "deflate",
                    "AH01383: unable to init Zlib: deflateInit2 returned \(code): URL \(request.uri)")
                return
            }
            source = DeflateSource(request, request.responseBody.asSource(), zlib, config)
        }
        ContentCoding.add("gzip", to: encoding, request)
        config.etag.apply(request, "gzip")
        if let source { request.responseBody = .stream(source) }
    }
}

/// Compresses as it is read: whatever fills the buffer is given on, and everything when the source wants a flush.
final class DeflateSource: BodySource {
    private unowned let request: Request
    private let upstream: any BodySource
    private let zlib: ZlibStream
    private let config: Deflate.ServerConfig
    private var output: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
    private var crc: UInt32 = 0
    private(set) var isAtEnd = false
    private var hasUnflushed = false

    init(_ request: Request, _ upstream: any BodySource, _ zlib: ZlibStream, _ config: Deflate.ServerConfig) {
        self.request = request
        self.upstream = upstream
        self.zlib = zlib
        self.config = config
    }
    var wantsFlush: Bool { upstream.wantsFlush }

    func next() async throws(BodyError) -> ByteString? {
        while !isAtEnd {
            if hasUnflushed, upstream.wantsFlush {
                hasUnflushed = false
                try run([], .sync)
                if !output.isEmpty { return take() }
            }
            if output.count >= config.bufferSize { return take() }
            guard let piece = try await upstream.next() else {
                try finish()
                return output.isEmpty ? nil : take()
            }
            if piece.isEmpty { continue }
            crc = ZlibStream.checksum(crc, piece.bytes)
            try run(piece.bytes, .none)
            hasUnflushed = true
        }
        return nil
    }
    func cancel() { upstream.cancel() }

    private func take() -> ByteString {
        let taken = output
        output = []
        return ByteString(taken)
    }
    private func run(_ input: [UInt8], _ flush: ZlibStream.Flush) throws(BodyError) {
        var position = 0
        if case .failed(let code, let message) = zlib.run(input, &position, into: &output, flush: flush) {
            request.log(
                .error, "deflate", "AH01385: Zlib error \(code) flushing zlib output buffer (\(message))")
            throw .closed
        }
    }
    private func finish() throws(BodyError) {
        try run([], .finish)
        isAtEnd = true
        for value in [crc, UInt32(truncatingIfNeeded: zlib.totalIn)] {
            for shift in [0, 8, 16, 24] as [UInt32] { output.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        let (total, made) = (zlib.totalIn, zlib.totalOut)
        request.log(.debug, "deflate", "AH01384: Zlib: Compressed \(total) to \(made) : URL \(request.uri)")
        func note(_ name: ByteString?, _ value: UInt64, if known: Bool) {
            if let name { request.notes.set(name, known ? ByteString(decimal: value) : "-") }
        }
        note(config.notes.input, total, if: total > 0)
        note(config.notes.output, made, if: made > 0)
        note(config.notes.ratio, total > 0 ? made * 100 / total : 0, if: total > 0)
    }
}
