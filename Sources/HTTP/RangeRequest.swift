// Apache: modules/http/byterange_filter.c (ap_set_byterange, ap_byterange_filter)
import Bytes

/// What a `Range` field asks for (RFC 9110, section 14.2), after merging and the limits against abuse.
public enum RangeRequest: Sendable, Hashable {
    /// Nothing that can be used: the whole representation is sent.
    case whole
    /// 416.
    case unsatisfiable
    /// 206. Ranges of the representation, in the order they were asked for; several make a `multipart/byteranges`.
    case ranges([Range<UInt64>])

    /// `MaxRanges`, `MaxRangeOverlaps` and `MaxRangeReversals`; nil is unlimited.
    public struct Limits: Sendable, Hashable {
        public var ranges: Int? = 200
        public var overlaps: Int? = 20
        public var reversals: Int? = 20
        public init() {}
    }

    /// Reads a field value for a representation of `length` bytes. Adjoining and overlapping neighbours are merged; a
    /// single malformed range makes the whole field be ignored.
    public static func parse(_ value: ByteString, length: UInt64, limits: Limits = Limits()) -> RangeRequest {
        guard length > 0, length <= UInt64(Int64.max), value.hasPrefixIgnoringCase("bytes=") else { return .whole }
        var set = RangeSet(length: length)
        var position = 6
        while position <= value.count {
            let word = FieldList.word(value, &position, stop: UInt8(ascii: ","))
            if word.isEmpty { break }
            switch set.add(word) {
            case .next: continue
            case .ignoreAll: return .whole
            case .last: position = value.count + 1
            }
        }
        return set.result(limits)
    }

    /// One pass over the ranges of a field.
    private struct RangeSet {
        let length: UInt64
        var ranges: [Range<UInt64>] = []
        var open: Range<UInt64>?
        var total: UInt64 = 0
        var overlaps = 0
        var reversals = 0
        var isUnsatisfiable = false

        init(length: UInt64) { self.length = length }

        enum Step {
            case next, ignoreAll, last
        }

        mutating func add(_ word: ByteString) -> Step {
            guard let dash = word.firstIndex(of: UInt8(ascii: "-")) else { return .ignoreAll }
            let bytes = word.bytes.span
            let after = strictLength(bytes, dash + 1..<word.count)
            if dash == 0 {
                guard let count = after, count > 0 else { return .ignoreAll }
                merge(length - min(count, length)..<length)
                return .next
            }
            guard let start = strictLength(bytes, 0..<dash) else { return .ignoreAll }
            if dash + 1 == word.count {
                if start == 0 {
                    // "0-" is everything, whatever else was asked for.
                    ranges.removeAll()
                    total = 0
                    open = 0..<length
                    return .last
                }
                guard start < length else { return unsatisfiable() }
                merge(start..<length)
                return .next
            }
            guard let last = after, start <= last else { return .ignoreAll }
            guard start < length else { return unsatisfiable() }
            merge(start..<min(last, length - 1) + 1)
            return .next
        }

        private mutating func unsatisfiable() -> Step {
            isUnsatisfiable = true
            return .next
        }

        private mutating func merge(_ range: Range<UInt64>) {
            guard let current = open else {
                open = range
                return
            }
            var low = current.lowerBound
            var high = current.upperBound
            var isMerged = range.lowerBound >= low && range.upperBound <= high
            if range.lowerBound < low, range.upperBound >= low {
                low = range.lowerBound
                reversals += 1
                isMerged = true
            }
            if range.upperBound >= high, range.lowerBound <= high {
                high = range.upperBound
                isMerged = true
            }
            if isMerged {
                overlaps += 1
                open = low..<high
            } else {
                close(current)
                open = range
            }
        }

        private mutating func close(_ range: Range<UInt64>) {
            ranges.append(range)
            // Apache's sum is signed and the ranges may be many; a sum past the length is refused anyway.
            total = total.addingReportingOverflow(UInt64(range.count)).partialValue
            if total > length { total = .max / 2 }
        }

        mutating func result(_ limits: Limits) -> RangeRequest {
            if let open { close(open) } else if ranges.isEmpty, isUnsatisfiable { return .unsatisfiable }
            guard total <= length, !ranges.isEmpty else { return .whole }
            if let limit = limits.ranges, ranges.count > limit { return .whole }
            if let limit = limits.overlaps, overlaps > limit { return .whole }
            if let limit = limits.reversals, reversals > limit { return .whole }
            return .ranges(ranges)
        }
    }
}

/// The texts around ranges in a response.
public enum RangeResponse {
    /// Appends "bytes 0-499/1234", the value of `Content-Range`.
    public static func appendContentRange(_ range: Range<UInt64>, length: UInt64, to output: inout [UInt8]) {
        output.append("bytes ")
        appendRange(range, length: length, to: &output)
    }
    /// Appends "bytes */1234", which says why a 416 was sent.
    public static func appendUnsatisfied(length: UInt64, to output: inout [UInt8]) {
        output.append("bytes */")
        output.append(decimal: Int(clamping: length))
    }
    /// Appends the head of one part of a `multipart/byteranges`; `contentType` is nil when there is none.
    public static func appendPartHead(
        boundary: ByteString, contentType: ByteString?, _ range: Range<UInt64>, length: UInt64,
        to output: inout [UInt8]
    ) {
        output.append("\r\n--")
        output.append(boundary)
        if let contentType {
            output.append("\r\nContent-type: ")
            output.append(contentType)
        }
        output.append("\r\nContent-range: bytes ")
        appendRange(range, length: length, to: &output)
        output.append("\r\n\r\n")
    }
    /// Appends what follows the last part.
    public static func appendEnd(boundary: ByteString, to output: inout [UInt8]) {
        output.append("\r\n--")
        output.append(boundary)
        output.append("--\r\n")
    }
    private static func appendRange(_ range: Range<UInt64>, length: UInt64, to output: inout [UInt8]) {
        output.append(decimal: Int(clamping: range.lowerBound))
        output.append(UInt8(ascii: "-"))
        output.append(decimal: Int(clamping: range.upperBound &- 1))
        output.append(UInt8(ascii: "/"))
        output.append(decimal: Int(clamping: length))
    }
}
