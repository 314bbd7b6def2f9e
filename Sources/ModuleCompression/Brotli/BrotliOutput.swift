// Apache: modules/filters/mod_brotli.c compress_filter

import Bytes
import ServerCore

/// The output filter BROTLI_COMPRESS.
enum BrotliOutput {
    @Sendable static func apply(_ request: Request) {
        if request.isSubrequest || request.status == 204 || request.isSet("no-brotli")
            || request.headersOut.contains("Content-Range")
        {
            return
        }
        let encoding = ContentCoding.current(request)
        guard ContentCoding.isUnencoded(encoding, request, module: "brotli") else { return }
        request.headersOut.merge("Vary", "Accept-Encoding")
        guard ContentCoding.clientAccepts(request, "br") else { return }
        let config = request.server[Brotli.server]
        var source: BrotliSource?
        // An answer without a body says the same as with one.
        if request.status != 304 {
            guard let stream = BrotliStream(quality: config.quality, window: config.window, block: config.block)
            else { return request.log(.error, "brotli", "AH03459: Error while compressing data") }
            source = BrotliSource(request, request.responseBody.asSource(), stream, config)
        }
        ContentCoding.add("br", to: encoding, request)
        config.etag.apply(request, "br")
        if let source { request.responseBody = .stream(source) }
    }
}

/// Compresses as it is read: what the library gives is given on, and everything when the source wants a flush.
final class BrotliSource: BodySource {
    private unowned let request: Request
    private let upstream: any BodySource
    private let stream: BrotliStream
    private let config: Brotli.ServerConfig
    private(set) var isAtEnd = false
    private var hasUnflushed = false

    init(_ request: Request, _ upstream: any BodySource, _ stream: BrotliStream, _ config: Brotli.ServerConfig) {
        self.request = request
        self.upstream = upstream
        self.stream = stream
        self.config = config
    }
    var wantsFlush: Bool { upstream.wantsFlush }

    func next() async throws(BodyError) -> ByteString? {
        var output: [UInt8] = []
        while !isAtEnd, output.isEmpty {
            if hasUnflushed, upstream.wantsFlush {
                hasUnflushed = false
                try run([], into: &output, .flush)
                continue
            }
            guard let piece = try await upstream.next() else {
                try run([], into: &output, .finish)
                isAtEnd = true
                leaveNotes()
                break
            }
            if piece.isEmpty { continue }
            try run(piece.bytes, into: &output, .process)
            hasUnflushed = true
        }
        return output.isEmpty ? nil : ByteString(output)
    }
    func cancel() { upstream.cancel() }

    private func run(
        _ input: [UInt8], into output: inout [UInt8], _ operation: BrotliStream.Operation
    ) throws(BodyError) {
        if stream.run(input, into: &output, operation) { return }
        let number = operation == .process ? "AH03459" : "AH03460"
        request.log(.error, "brotli", ByteString("\(number): Error while compressing data"))
        throw .closed
    }
    private func leaveNotes() {
        let (total, made) = (stream.totalIn, stream.totalOut)
        if let name = config.notes.input { request.notes.set(name, ByteString(decimal: total)) }
        if let name = config.notes.output { request.notes.set(name, ByteString(decimal: made)) }
        if let name = config.notes.ratio {
            request.notes.set(name, total > 0 ? ByteString(decimal: made * 100 / total) : "-")
        }
    }
}
