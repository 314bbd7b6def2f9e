// Apache: modules/filters/mod_deflate.c inflate_out_filter, deflate_in_filter, check_gzip

import Bytes
import ServerCore

/// Finds gzip as the outermost encoding and takes it off the field; nil when it is not there (check_gzip).
func withoutGzip(_ encoding: ByteString) -> ByteString?? {
    func isGzip(_ token: ByteString) -> Bool { token.equalsIgnoringCase("gzip") || token.equalsIgnoringCase("x-gzip") }
    if isGzip(encoding) { return .some(nil) }
    var rest = encoding
    while let comma = rest.lastIndex(of: UInt8(ascii: ",")) {
        var token = rest.from(comma + 1)
        while let first = token.first, ASCII.isSpace(first) { token = token.from(1) }
        rest = rest.upTo(comma)
        if isGzip(token) { return .some(rest) }
        guard token.isEmpty || token.equalsIgnoringCase("identity") else { return nil }
    }
    return isGzip(rest) && rest.count < encoding.count ? .some(nil) : nil
}

/// The output filter INFLATE: unpacks an answer that came packed.
enum InflateOutput {
    @Sendable static func apply(_ request: Request) {
        guard request.isInitial, request.status != 204, !request.headersOut.contains("Content-Range"),
            takeOffEncoding(request)
        else { return }
        request.headersOut.unset("Content-Length")
        request.headersOut.unset("Content-MD5")
        request.server[Deflate.server].etag.apply(request, "gunzip")
        guard request.status != 304 else { return }
        var code: Int32 = 0
        guard let zlib = ZlibStream(decompressing: request.server[Deflate.server].window, error: &code) else {
            request.log(
                .error, "deflate", "AH01397: unable to init Zlib: inflateInit2 returned \(code): URL \(request.uri)")
            return
        }
        request.responseBody = .stream(InflateSource(request, request.responseBody.asSource(), Gunzip(zlib)))
    }

    private static func takeOffEncoding(_ request: Request) -> Bool {
        if let encoding = request.headersOut["Content-Encoding"] {
            guard let rest = withoutGzip(encoding) else { return false }
            set(&request.headersOut, rest)
            if request.contentEncoding != nil { request.contentEncoding = rest }
            return true
        }
        if let encoding = request.errHeadersOut["Content-Encoding"] {
            guard let rest = withoutGzip(encoding) else { return false }
            set(&request.errHeadersOut, rest)
            if request.contentEncoding != nil { request.contentEncoding = rest }
            return true
        }
        guard let encoding = request.contentEncoding, let rest = withoutGzip(encoding) else { return false }
        request.contentEncoding = rest
        return true
    }
    static func set(_ table: inout Table, _ rest: ByteString?) {
        if let rest { table.set("Content-Encoding", rest) } else { table.unset("Content-Encoding") }
    }
}

final class InflateSource: BodySource {
    private unowned let request: Request
    private let upstream: any BodySource
    private let gunzip: Gunzip
    private(set) var isAtEnd = false
    /// The data is not packed after all: it goes through as it is.
    private var passesThrough = false

    init(_ request: Request, _ upstream: any BodySource, _ gunzip: Gunzip) {
        self.request = request
        self.upstream = upstream
        self.gunzip = gunzip
        let config = request[Deflate.directory]
        gunzip.ratioLimit = config.ratioLimit
        gunzip.ratioBurst = config.ratioBurst
    }
    var wantsFlush: Bool { upstream.wantsFlush }
    func cancel() { upstream.cancel() }

    func next() async throws(BodyError) -> ByteString? {
        while !isAtEnd {
            guard let piece = try await upstream.next() else {
                isAtEnd = true
                try checkEnd()
                return nil
            }
            if passesThrough { return piece }
            var output: [UInt8] = []
            do throws(Gunzip.Failure) {
                try gunzip.feed(piece.bytes, into: &output)
            } catch {
                try tell(error)
                if passesThrough { return piece }
            }
            isAtEnd = gunzip.isDone && upstream.isAtEnd
            if isAtEnd { try checkEnd() }
            if !output.isEmpty { return ByteString(output) }
        }
        return nil
    }
    private func checkEnd() throws(BodyError) {
        if passesThrough { return }
        request.log(
            .debug, "deflate",
            "AH01398: Zlib: Inflated \(gunzip.zlib.totalIn) to \(gunzip.zlib.totalOut) : URL \(request.uri)")
        guard !gunzip.isDone else { return }
        request.log(.error, "deflate", "AH01401: Zlib: Validation bytes not present")
        throw .closed
    }
    private func tell(_ failure: Gunzip.Failure) throws(BodyError) {
        let config = request[Deflate.directory]
        switch failure {
        case .notDeflated:
            request.log(.debug, "deflate", "AH01404: inflate: data not deflated!")
            passesThrough = true
            return
        case .trailingData(let count):
            request.log(
                .debug, "deflate", "AH01407: Zlib: \(count) bytes of garbage at the end of compressed stream.")
            return
        case .badMagic: request.log(.error, "deflate", "AH01405: inflate: bad header")
        case .badFlags(let flags): request.log(.error, "deflate", "AH02620: inflate: bad flags \(hex(flags))")
        case .zlib(let code, let message):
            request.log(.warning, "deflate", "AH01409: Zlib error \(code) inflating data (\(message))")
        case .tooLong, .ratio:
            request.log(
                .error, "deflate",
                "AH02650: Inflated content ratio is larger than the configured limit \(config.ratioLimit) by \(config.ratioBurst) time(s)"
            )
        case .badChecksum: request.log(.error, "deflate", "AH01399: Zlib: Checksum of inflated stream invalid")
        case .badLength: request.log(.error, "deflate", "AH01400: Zlib: Length of inflated stream invalid")
        }
        throw .closed
    }
}

private func hex(_ byte: UInt8) -> String { byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16) }

/// The input filter DEFLATE: unpacks a request body that came packed.
enum InflateInput {
    @Sendable static func wrap(_ request: Request, _ source: any BodySource) -> any BodySource {
        guard request.isInitial, request.header("Content-Range") == nil,
            let encoding = request.header("Content-Encoding"), let rest = withoutGzip(encoding)
        else { return source }
        var code: Int32 = 0
        guard let zlib = ZlibStream(decompressing: request.server[Deflate.server].window, error: &code) else {
            request.log(
                .error, "deflate", "AH01389: unable to init Zlib: inflateInit2 returned \(code): URL \(request.uri)")
            return source
        }
        InflateOutput.set(&request.headersIn, rest)
        // The length was that of the packed body; what is unpacked is read to its end.
        request.headersIn.unset("Content-Length")
        request.headersIn.unset("Content-MD5")
        return InflateInputSource(request, source, Gunzip(zlib))
    }
}

final class InflateInputSource: BodySource {
    private unowned let request: Request
    private let upstream: any BodySource
    private let gunzip: Gunzip
    private var isFinished = false

    init(_ request: Request, _ upstream: any BodySource, _ gunzip: Gunzip) {
        self.request = request
        self.upstream = upstream
        self.gunzip = gunzip
        let config = request[Deflate.directory]
        gunzip.ratioLimit = config.ratioLimit
        gunzip.ratioBurst = config.ratioBurst
        gunzip.limit =
            config.inflateLimit > 0
            ? config.inflateLimit : request[Core.directory].limitRequestBody.value(default: 1_073_741_824)
    }

    func next() async throws(BodyError) -> ByteString? {
        while !isFinished {
            guard let piece = try await upstream.next() else {
                isFinished = true
                try checkEnd()
                return nil
            }
            var output: [UInt8] = []
            do throws(Gunzip.Failure) {
                try gunzip.feed(piece.bytes, into: &output)
            } catch { throw tell(error) }
            if !output.isEmpty { return ByteString(output) }
        }
        return nil
    }
    private func checkEnd() throws(BodyError) {
        if gunzip.isDone {
            request.log(
                .debug, "deflate",
                "AH01393: Zlib: Inflated \(gunzip.zlib.totalIn) to \(gunzip.zlib.totalOut) : URL \(request.uri)")
            return
        }
        // No body at all is no body, packed or not.
        guard gunzip.hasBegun else { return }
        request.log(
            .error, "deflate",
            gunzip.isInHead
                ? "AH02619: Encountered premature end-of-stream while reading inflate header"
                : "AH02481: Encountered premature end-of-stream while inflating")
        throw .status(400)
    }
    private func tell(_ failure: Gunzip.Failure) -> BodyError {
        let config = request[Deflate.directory]
        switch failure {
        case .badMagic, .notDeflated: request.log(.warning, "deflate", "AH01387: Zlib: Invalid header")
        case .badFlags(let flags): request.log(.warning, "deflate", "AH01388: Zlib: Invalid flags \(hex(flags))")
        case .zlib(let code, let message):
            request.log(.warning, "deflate", "AH01392: Zlib error \(code) inflating data (\(message))")
        case .tooLong(let total):
            request.log(
                .warning, "deflate",
                "AH02648: Inflated content length of \(total) is larger than the configured limit of \(gunzip.limit)")
            return .status(413)
        case .ratio:
            request.log(
                .warning, "deflate",
                "AH02649: Inflated content ratio is larger than the configured limit \(config.ratioLimit) by \(config.ratioBurst) time(s)"
            )
        case .badChecksum: request.log(.warning, "deflate", "AH01394: Zlib: CRC error inflating data")
        case .badLength(let expected):
            request.log(
                .warning, "deflate",
                "AH01395: Zlib: Length \(gunzip.zlib.totalOut) of inflated data does not match expected value \(expected)"
            )
        case .trailingData:
            request.log(.error, "deflate", "AH02485: Encountered extra data after compressed data")
        }
        return .status(400)
    }
}
