// Apache: modules/proxy/mod_proxy_fcgi.c (dispatch); FastCGI 1.0, section 3.3
import Bytes

/// Takes a stream of records apart, in pieces of any size. Content is handed on as it comes: the decoder keeps a header
/// or eight bytes of a small record, never a stream's content.
public struct RecordDecoder: Sendable {
    /// What the next bytes mean. Ranges are of the bytes that were fed.
    public enum Event: Sendable, Hashable {
        /// All bytes are used up.
        case needMore
        case stdin(Range<Int>)
        case stdout(Range<Int>)
        case stderr(Range<Int>)
        case params(Range<Int>)
        case data(Range<Int>)
        /// The empty record that ends a stream.
        case endOfStream(RecordType)
        case beginRequest(id: UInt16, role: UInt16, keepsConnection: Bool)
        case abortRequest(id: UInt16)
        case endRequest(appStatus: UInt32, protocolStatus: UInt8)
        /// A piece of a management record (request id 0) or of a type that is not known; its content can be ignored.
        case unknown(type: UInt8, Range<Int>)
        case failed(Failure)
    }
    public enum Failure: Sendable, Hashable {
        case version(UInt8)
        /// A record of another request than the one that is expected.
        case requestID(UInt16)
        /// A `beginRequest` or `endRequest` that is not eight bytes long.
        case length(type: UInt8, UInt16)
    }

    private enum State: Sendable {
        case header
        case content
        case small
        case padding
        case failed(Failure)
    }

    /// Only records of this request (or of request 0) are taken; nil takes all, which is what servers do.
    public var expectedID: UInt16?
    /// The request the current record belongs to.
    public private(set) var requestID: UInt16 = 0
    private var state = State.header
    private var held: [UInt8] = []
    private var type: UInt8 = 0
    private var remaining = 0
    private var padding = 0

    public init(expectedID: UInt16? = nil) {
        self.expectedID = expectedID
        held.reserveCapacity(RecordHeader.count)
    }

    /// True between records: the other side may close here.
    public var isBetweenRecords: Bool {
        if case .header = state { return held.isEmpty }
        return false
    }

    /// True when the piece of content that `next` gave last was the end of its record.
    public var isRecordComplete: Bool { remaining == 0 }

    /// Looks at `bytes` from `position` on and moves it past what the event covers. Call until `.needMore` or `.failed`.
    public mutating func next(_ bytes: borrowing Span<UInt8>, _ position: inout Int) -> Event {
        while true {
            switch state {
            case .failed(let failure): return .failed(failure)
            case .header:
                guard hold(bytes, &position) else { return .needMore }
                if let event = begin() { return event }
            case .small:
                guard hold(bytes, &position) else { return .needMore }
                state = .padding
                let event = smallRecord()
                held.removeAll(keepingCapacity: true)
                return event
            case .content:
                let length = min(remaining, bytes.count - position)
                guard length > 0 else { return .needMore }
                let range = position..<position + length
                position += length
                remaining -= length
                if remaining == 0 { state = .padding }
                return content(range)
            case .padding:
                let length = min(padding, bytes.count - position)
                position += length
                padding -= length
                guard padding == 0 else { return .needMore }
                state = .header
            }
        }
    }

    /// Collects eight bytes.
    private mutating func hold(_ bytes: borrowing Span<UInt8>, _ position: inout Int) -> Bool {
        while held.count < RecordHeader.count, position < bytes.count {
            held.append(bytes[position])
            position += 1
        }
        return held.count == RecordHeader.count
    }

    private mutating func fail(_ failure: Failure) -> Event {
        state = .failed(failure)
        return .failed(failure)
    }

    /// Starts a record; returns an event for those without content.
    private mutating func begin() -> Event? {
        guard let header = RecordHeader(held.span, at: 0) else { return nil }
        held.removeAll(keepingCapacity: true)
        guard header.version == RecordHeader.version else { return fail(.version(header.version)) }
        if let expectedID, header.requestID != expectedID, header.requestID != 0 {
            return fail(.requestID(header.requestID))
        }
        type = header.type
        requestID = header.requestID
        remaining = Int(header.contentLength)
        padding = Int(header.paddingLength)
        let known = RecordType(rawValue: type)
        if known == .beginRequest || known == .endRequest {
            guard remaining == 8 else { return fail(.length(type: type, header.contentLength)) }
            state = .small
            return nil
        }
        state = remaining > 0 ? .content : .padding
        guard remaining == 0 else { return nil }
        switch known {
        case .params, .stdin, .stdout, .stderr, .data: return .endOfStream(known ?? .data)
        case .abortRequest: return .abortRequest(id: requestID)
        default: return .unknown(type: type, 0..<0)
        }
    }

    private func content(_ range: Range<Int>) -> Event {
        switch RecordType(rawValue: type) {
        case .stdin: .stdin(range)
        case .stdout: .stdout(range)
        case .stderr: .stderr(range)
        case .params: .params(range)
        case .data: .data(range)
        default: .unknown(type: type, range)
        }
    }

    private func smallRecord() -> Event {
        if type == RecordType.beginRequest.rawValue {
            let role = UInt16(held[0]) << 8 | UInt16(held[1])
            return .beginRequest(id: requestID, role: role, keepsConnection: held[2] & 1 != 0)
        }
        let status = UInt32(held[0]) << 24 | UInt32(held[1]) << 16 | UInt32(held[2]) << 8 | UInt32(held[3])
        return .endRequest(appStatus: status, protocolStatus: held[4])
    }
}

/// Collects the pairs of a `params` stream, which may be cut anywhere.
public struct ParamsDecoder: Sendable {
    private var bytes: [UInt8] = []
    /// Bytes a stream may have; a longer one fails.
    public let limit: Int

    public init(limit: Int = 1 << 20) { self.limit = limit }

    /// Takes the next piece; false when the stream is longer than the limit.
    public mutating func feed(_ piece: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard bytes.count + range.count <= limit else { return false }
        bytes.append(piece, range)
        return true
    }

    /// All pairs, at the end of the stream; nil when a length points past the end.
    public func pairs() -> [(name: ByteString, value: ByteString)]? {
        var result: [(name: ByteString, value: ByteString)] = []
        var at = 0
        while at < bytes.count {
            guard let name = length(&at), let value = length(&at), name <= bytes.count - at,
                value <= bytes.count - at - name
            else { return nil }
            result.append((ByteString(bytes[at..<at + name]), ByteString(bytes[at + name..<at + name + value])))
            at += name + value
        }
        return result
    }

    private func length(_ at: inout Int) -> Int? {
        guard at < bytes.count else { return nil }
        let first = bytes[at]
        if first < 128 {
            at += 1
            return Int(first)
        }
        guard at + 4 <= bytes.count else { return nil }
        let high = Int(first & 0x7F) << 24 | Int(bytes[at + 1]) << 16
        let low = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
        at += 4
        return high | low
    }
}
