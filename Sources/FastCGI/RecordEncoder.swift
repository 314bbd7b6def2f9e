// Apache: modules/proxy/mod_proxy_fcgi.c (send_begin_request, send_environment); FastCGI 1.0, sections 3.4 and 5
import Bytes

/// Appends records to an output buffer. Request ids are the caller's; one connection without multiplexing uses 1.
public enum RecordEncoder {
    /// Client: opens a request. `keepsConnection`: the application does not close after it answered.
    public static func appendBeginRequest(
        id: UInt16, role: Role = .responder, keepsConnection: Bool, to output: inout [UInt8]
    ) {
        RecordHeader(type: .beginRequest, requestID: id, contentLength: 8).append(to: &output)
        output.append(UInt8(truncatingIfNeeded: role.rawValue >> 8))
        output.append(UInt8(truncatingIfNeeded: role.rawValue))
        output.append(keepsConnection ? 1 : 0)
        for _ in 0..<5 { output.append(0) }
    }

    /// Client: gives the request up.
    public static func appendAbortRequest(id: UInt16, to output: inout [UInt8]) {
        RecordHeader(type: .abortRequest, requestID: id, contentLength: 0).append(to: &output)
    }

    /// Client: all of the request's variables and the empty record that ends them.
    public static func appendParams(
        id: UInt16, _ variables: some Sequence<(name: ByteString, value: ByteString)>, to output: inout [UInt8]
    ) {
        var encoder = ParamsEncoder(id: id, output: &output)
        for (name, value) in variables { encoder.append(name: name.bytes.span, value: value.bytes.span, to: &output) }
        encoder.finish(&output)
    }

    /// Client: a piece of the request's body, in as many records as it needs. Nothing is written for an empty piece,
    /// because an empty record means the end: see `appendEnd`.
    public static func appendStdin(id: UInt16, _ bytes: borrowing Span<UInt8>, to output: inout [UInt8]) {
        appendStream(.stdin, id: id, bytes, to: &output)
    }

    /// Server: a piece of the answer.
    public static func appendStdout(id: UInt16, _ bytes: borrowing Span<UInt8>, to output: inout [UInt8]) {
        appendStream(.stdout, id: id, bytes, to: &output)
    }
    /// Server: a piece for the error log.
    public static func appendStderr(id: UInt16, _ bytes: borrowing Span<UInt8>, to output: inout [UInt8]) {
        appendStream(.stderr, id: id, bytes, to: &output)
    }

    /// The header of one record of a stream, for content that is sent from where it lies.
    /// `count` is 1 to 65,535 (`RecordHeader.maximumContent`); more is cut to that, which is what it returns.
    public static func appendStreamHeader(
        _ type: RecordType, id: UInt16, count: Int, to output: inout [UInt8]
    ) -> Int {
        let length = min(max(count, 0), RecordHeader.maximumContent)
        RecordHeader(type: type, requestID: id, contentLength: UInt16(length)).append(to: &output)
        return length
    }

    /// Ends a stream: the empty record of `stdin`, `params`, `stdout`, `stderr` or `data`.
    public static func appendEnd(of type: RecordType, id: UInt16, to output: inout [UInt8]) {
        RecordHeader(type: type, requestID: id, contentLength: 0).append(to: &output)
    }

    /// Server: ends a request.
    public static func appendEndRequest(
        id: UInt16, appStatus: UInt32, _ status: ProtocolStatus, to output: inout [UInt8]
    ) {
        RecordHeader(type: .endRequest, requestID: id, contentLength: 8).append(to: &output)
        for shift in [24, 16, 8, 0] as [UInt32] { output.append(UInt8(truncatingIfNeeded: appStatus >> shift)) }
        output.append(status.rawValue)
        for _ in 0..<3 { output.append(0) }
    }

    /// Server: answers a management record of a type it does not know.
    public static func appendUnknownType(_ type: UInt8, to output: inout [UInt8]) {
        RecordHeader(type: .unknownType, requestID: 0, contentLength: 8).append(to: &output)
        output.append(type)
        for _ in 0..<7 { output.append(0) }
    }

    /// Client: asks for the values of management variables.
    public static func appendGetValues(_ names: [ByteString], to output: inout [UInt8]) {
        appendPairs(.getValues, names.map { ($0, "") }, to: &output)
    }
    /// Server: answers `getValues`.
    public static func appendGetValuesResult(
        _ values: [(name: ByteString, value: ByteString)], to output: inout [UInt8]
    ) {
        appendPairs(.getValuesResult, values, to: &output)
    }
    private static func appendPairs(
        _ type: RecordType, _ values: [(name: ByteString, value: ByteString)], to output: inout [UInt8]
    ) {
        var content: [UInt8] = []
        for (name, value) in values { ParamsEncoder.appendPair(name.bytes.span, value.bytes.span, to: &content) }
        let length = min(content.count, RecordHeader.maximumContent)
        RecordHeader(type: type, requestID: 0, contentLength: UInt16(length)).append(to: &output)
        output.append(contentsOf: content.prefix(length))
    }

    private static func appendStream(
        _ type: RecordType, id: UInt16, _ bytes: borrowing Span<UInt8>, to output: inout [UInt8]
    ) {
        var at = 0
        while at < bytes.count {
            let length = appendStreamHeader(type, id: id, count: bytes.count - at, to: &output)
            output.append(bytes, at..<at + length)
            at += length
        }
    }
}

/// Writes name-value pairs straight into `params` records: a record is closed when it is full, and its length is filled
/// in then. A pair may lie across two records (FastCGI 1.0, section 3.3: a stream is its records' contents in a row).
public struct ParamsEncoder: Sendable {
    private let id: UInt16
    private var headerAt: Int

    /// Opens the first record at the end of `output`.
    public init(id: UInt16, output: inout [UInt8]) {
        self.id = id
        headerAt = output.count
        RecordHeader(type: .params, requestID: id, contentLength: 0).append(to: &output)
    }

    public mutating func append(
        name: borrowing Span<UInt8>, value: borrowing Span<UInt8>, to output: inout [UInt8]
    ) {
        Self.appendLength(name.count, to: &output)
        Self.appendLength(value.count, to: &output)
        output.append(name, 0..<name.count)
        output.append(value, 0..<value.count)
        splitFullRecords(&output)
    }
    public mutating func append(name: StaticString, value: borrowing Span<UInt8>, to output: inout [UInt8]) {
        Self.appendLength(name.utf8CodeUnitCount, to: &output)
        Self.appendLength(value.count, to: &output)
        output.append(name)
        output.append(value, 0..<value.count)
        splitFullRecords(&output)
    }

    /// Pairs that ``appendPair(_:_:to:)`` made beforehand.
    public mutating func append(pairs: [UInt8], to output: inout [UInt8]) {
        output.append(contentsOf: pairs)
        splitFullRecords(&output)
    }

    /// Closes the record that is open and appends the empty one.
    public mutating func finish(_ output: inout [UInt8]) {
        let length = output.count - headerAt - RecordHeader.count
        if length > 0 {
            close(&output, length)
            headerAt = output.count
            RecordHeader(type: .params, requestID: id, contentLength: 0).append(to: &output)
        }
    }

    /// Lengths up to 127 take one byte, others four with the highest bit set.
    static func appendLength(_ length: Int, to output: inout [UInt8]) {
        if length < 128 {
            output.append(UInt8(truncatingIfNeeded: length))
        } else {
            let bounded = UInt32(clamping: min(length, 0x7FFF_FFFF)) | 0x8000_0000
            for shift in [24, 16, 8, 0] as [UInt32] { output.append(UInt8(truncatingIfNeeded: bounded >> shift)) }
        }
    }
    /// One pair without a record around it.
    public static func appendPair(
        _ name: borrowing Span<UInt8>, _ value: borrowing Span<UInt8>, to output: inout [UInt8]
    ) {
        appendLength(name.count, to: &output)
        appendLength(value.count, to: &output)
        output.append(name, 0..<name.count)
        output.append(value, 0..<value.count)
    }

    private func close(_ output: inout [UInt8], _ length: Int) {
        output[headerAt + 4] = UInt8(truncatingIfNeeded: length >> 8)
        output[headerAt + 5] = UInt8(truncatingIfNeeded: length)
    }

    private mutating func splitFullRecords(_ output: inout [UInt8]) {
        while output.count - headerAt - RecordHeader.count > RecordHeader.maximumContent {
            close(&output, RecordHeader.maximumContent)
            let next = headerAt + RecordHeader.count + RecordHeader.maximumContent
            var header: [UInt8] = []
            RecordHeader(type: .params, requestID: id, contentLength: 0).append(to: &header)
            output.insert(contentsOf: header, at: next)
            headerAt = next
        }
    }
}
