// Apache: modules/http/http_filters.c (parse_chunk_size, ap_http_filter, read_chunked_trailers)
import Bytes

/// Takes the chunked coding off a body (RFC 9112, section 7.1), in pieces of any size. Body bytes are handed on as they
/// come; trailers are kept here.
public struct ChunkedDecoder: Sendable {
    public enum Event: Sendable, Hashable {
        /// All bytes are used up.
        case needMore
        /// Bytes of the body, as a range of what was fed.
        case body(Range<Int>)
        /// The body is complete, and so are the trailers.
        case end
        case failed(RequestError)
    }

    private enum State: Sendable {
        case start, size, extension_, blanks, lineFeed
        case data
        case dataEnd, dataEndLineFeed
        case trailers
        case done
        case failed(RequestError)
    }

    private let options: RequestOptions
    /// Bytes a body may have (`LimitRequestBody`); 0 is no limit.
    private let limit: UInt64
    private var state = State.start
    private var remaining: UInt64 = 0
    private var received: UInt64 = 0
    private var lineLength = 0
    private var blanks = 0
    private var section = FieldSection()
    /// The bytes that `trailers` are ranges of.
    public private(set) var trailerBytes: [UInt8] = []

    public init(_ options: RequestOptions, limit: UInt64 = 0) {
        self.options = options
        self.limit = limit
        section.removeAll(start: 0)
    }

    /// The trailer fields, after `.end`.
    public var trailers: [HeaderField] { section.fields }
    public var isDone: Bool {
        if case .done = state { return true }
        return false
    }

    /// Looks at `bytes` from `position` to `end` and moves `position` past what the event covers.
    /// Call until `.needMore`, `.end` or `.failed`.
    public mutating func next(_ bytes: borrowing Span<UInt8>, _ position: inout Int, to end: Int) -> Event {
        while true {
            switch state {
            case .done: return .end
            case .failed(let error): return .failed(error)
            case .data:
                let length = Int(min(remaining, UInt64(max(0, end - position))))
                guard length > 0 else { return .needMore }
                return body(position..<position + length, &position)
            case .trailers:
                guard position < end else { return .needMore }
                readTrailer(bytes, &position, to: end)
            default:
                guard position < end else { return .needMore }
                let byte = bytes[position]
                position += 1
                if let error = take(byte) { state = .failed(RequestError(error)) }
            }
        }
    }

    private mutating func body(_ range: Range<Int>, _ position: inout Int) -> Event {
        received += UInt64(range.count)
        if limit > 0, received > limit {
            state = .failed(RequestError(.bodyTooLong))
            return .failed(RequestError(.bodyTooLong))
        }
        position = range.upperBound
        remaining -= UInt64(range.count)
        if remaining == 0 {
            state = .dataEnd
            lineLength = 0
        }
        return .body(range)
    }

    /// One byte of a size line or of the line end after a chunk.
    private mutating func take(_ byte: UInt8) -> RequestError.Kind? {
        if case .start = state {
            guard ASCII.hexValue(byte) != nil else { return .chunkMalformed }
            state = .size
            remaining = 0
            lineLength = 0
            blanks = 0
        }
        lineLength += 1
        if let error = step(byte) { return error }
        return lineLength > options.limitRequestFieldSize ? .chunkOverflow : nil
    }

    private mutating func step(_ byte: UInt8) -> RequestError.Kind? {
        switch state {
        case .dataEnd where byte == 13: state = .dataEndLineFeed
        case .dataEnd where byte == 10 && !options.isStrict: state = .start
        case .dataEndLineFeed where byte == 10: state = .start
        case .dataEnd, .dataEndLineFeed: return .chunkMalformed
        case .lineFeed where byte != 10: return .chunkMalformed
        case .lineFeed: state = remaining > 0 ? .data : .trailers
        default: return stepInLine(byte)
        }
        return nil
    }

    private mutating func stepInLine(_ byte: UInt8) -> RequestError.Kind? {
        switch byte {
        case 10:
            if options.isStrict { return .chunkMalformed }
            state = remaining > 0 ? .data : .trailers
            return nil
        case 13:
            state = .lineFeed
            return nil
        case UInt8(ascii: ";"):
            state = .extension_
            return nil
        default: break
        }
        switch state {
        case .extension_: return byte != 9 && (byte < 32 || byte == 127) ? .chunkMalformed : nil
        case _ where byte == 32 || byte == 9:
            // Ten blanks after the size are let pass (RFC 7230, erratum 4667).
            state = .blanks
            blanks += 1
            return blanks > 10 ? .chunkMalformed : nil
        case .size:
            // Apache counts bits before it looks at the digit.
            if remaining == 0, byte == UInt8(ascii: "0") { return nil }
            if remaining >> 60 != 0 { return .chunkOverflow }
            guard let digit = ASCII.hexValue(byte) else { return .chunkMalformed }
            remaining = remaining << 4 | UInt64(digit)
            return remaining > UInt64(Int64.max) ? .chunkOverflow : nil
        default: return .chunkMalformed
        }
    }

    private mutating func readTrailer(_ bytes: borrowing Span<UInt8>, _ position: inout Int, to end: Int) {
        let lineFeed = bytes.firstIndex(of: 10, from: position, to: end)
        let next = min(lineFeed + 1, end)
        trailerBytes.append(bytes, position..<next)
        position = next
        var storage: [UInt8] = []
        swap(&storage, &trailerBytes)
        var span = storage.mutableSpan
        let outcome = section.parse(&span, to: span.count, options)
        swap(&storage, &trailerBytes)
        switch outcome {
        case .incomplete: break
        case .complete: state = .done
        case .failed(let error): state = .failed(RequestError(.trailerMalformed, error.detail))
        }
    }
}

/// Writes the chunked coding.
public enum ChunkedEncoder {
    /// The size line of a chunk of `count` bytes; `count` is not 0, which would end the body.
    public static func appendHeader(count: Int, to output: inout [UInt8]) {
        output.append(hexadecimal: UInt(clamping: count))
        output.append("\r\n")
    }
    /// What follows a chunk's bytes.
    public static func appendTrailer(to output: inout [UInt8]) { output.append("\r\n") }
    /// The last chunk, without trailer fields.
    public static func appendEnd(to output: inout [UInt8]) { output.append("0\r\n\r\n") }
}
