// Apache: server/protocol.c (ap_get_mime_headers_core, ap_rgetline_core)
import Bytes

/// One header field: its token and where its name and value are in the buffer.
public struct HeaderField: Sendable, Hashable {
    public var token: HeaderName
    public var name: ByteRange
    /// Without blanks around it, and with folds replaced by one blank.
    public var value: ByteRange
    @inlinable public init(token: HeaderName, name: ByteRange, value: ByteRange) {
        self.token = token
        self.name = name
        self.value = value
    }
}

/// What a server accepts in a request: `HttpProtocolOptions` and the `LimitRequest…` directives.
public struct RequestOptions: Sendable, Hashable {
    /// `HttpProtocolOptions Strict` (the default) or `Unsafe`.
    public var isStrict = true
    /// `RegisteredMethods`: an unknown method is 501 here already.
    public var registeredMethodsOnly = false
    /// `Allow0.9` (the default) or `Require1.0`.
    public var allows09 = true
    /// Bytes of the request line; lines may be one byte longer, as in Apache.
    public var limitRequestLine = 8190
    /// Fields of a request; 0 is no limit.
    public var limitRequestFields = 100
    /// Bytes of one field with its name.
    public var limitRequestFieldSize = 8190
    /// Names added by `RegisterHttpMethod`.
    public var registeredMethods: [ByteString] = []
    public init() {}
}

/// Header fields up to the empty line, read as far as the bytes go. Reused: `removeAll` keeps the storage.
struct FieldSection: Sendable {
    var fields: [HeaderField] = []
    /// Bits of the names that occur, and of those that occur more than once.
    var present: UInt64 = 0
    var repeated: UInt64 = 0
    var lines = LineReader()
    /// The line that waits for the next one, which may be its continuation; its trailing blanks are cut.
    private var pending: Range<Int>?
    private var pendingIsClean = true
    private var fieldsRead = 0
    private var otherBytes = 0

    enum Outcome {
        case incomplete
        case complete(end: Int)
        case failed(RequestError)
    }

    mutating func removeAll(start: Int) {
        fields.removeAll(keepingCapacity: true)
        present = 0
        repeated = 0
        lines = LineReader(start: start)
        pending = nil
        fieldsRead = 0
        otherBytes = 0
    }

    /// Reads on. The bytes before `end` are those of the last call plus new ones, at the same offsets.
    /// Folded lines are joined in place.
    /// A trial reads no further than the first folded line.
    mutating func parse(
        _ buffer: inout MutableSpan<UInt8>, to end: Int, isTrial: Bool = false, _ options: borrowing RequestOptions
    ) -> Outcome {
        let table = HeaderNameTable.shared
        while true {
            let line: LineReader.Line
            switch lines.next(buffer.span, to: end, limit: options.limitRequestFieldSize, needsCR: options.isStrict) {
            case .incomplete: return .incomplete
            case .tooLong(let quoted):
                let name = LineReader.fieldName(buffer.span, quoted)
                return .failed(RequestError(.fieldTooLong, ByteRange(name)))
            case .bad(let quoted): return .failed(RequestError(.fieldUnreadable, ByteRange(quoted)))
            case .line(let found): line = found
            }
            var content = line.content
            while content.count > 1, Self.isBlank(buffer[content.upperBound - 1]) {
                content = content.lowerBound..<content.upperBound - 1
            }
            if !content.isEmpty, Self.isBlank(buffer[content.lowerBound]) {
                if isTrial { return .incomplete }
                if let error = join(&buffer, content, options) { return .failed(error) }
                pendingIsClean = pendingIsClean && line.isClean
                continue
            }
            if let field = pending {
                if let error = add(buffer.span, field, table, options) { return .failed(error) }
            }
            if content.isEmpty {
                pending = nil
                if let error = checkMerged(buffer.span, options) { return .failed(error) }
                return .complete(end: line.next)
            }
            pending = content
            pendingIsClean = line.isClean
        }
    }

    @inline(__always) private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    /// Appends a continuation line to the pending one, in the buffer, with one blank between them.
    private mutating func join(
        _ buffer: inout MutableSpan<UInt8>, _ line: Range<Int>, _ options: borrowing RequestOptions
    ) -> RequestError? {
        guard let field = pending else { return RequestError(.foldBeforeField) }
        guard line.count > 1 else { return RequestError(.emptyFold) }
        var from = line.lowerBound
        while from + 1 < line.upperBound, Self.isBlank(buffer[from + 1]) { from += 1 }
        guard field.count + (line.upperBound - from) + 1 < options.limitRequestFieldSize else {
            return RequestError(.foldedFieldTooLong, ByteRange(LineReader.fieldName(buffer.span, field)))
        }
        var to = field.upperBound
        buffer[to] = 32
        to += 1
        from += 1
        while from < line.upperBound {
            buffer[to] = buffer[from]
            to += 1
            from += 1
        }
        pending = field.lowerBound..<to
        return nil
    }

    private mutating func add(
        _ bytes: borrowing Span<UInt8>, _ line: Range<Int>, _ table: HeaderNameTable,
        _ options: borrowing RequestOptions
    ) -> RequestError? {
        fieldsRead += 1
        if options.limitRequestFields > 0, fieldsRead > options.limitRequestFields {
            return RequestError(.tooManyFields)
        }
        let end = line.upperBound
        let colon = bytes.firstIndex(of: UInt8(ascii: ":"), from: line.lowerBound, to: end)
        let token = table.find(bytes, line.lowerBound..<colon)
        if token == .other || colon == end {
            if let error = Self.checkName(bytes, line, colon, isStrict: options.isStrict) { return error }
        }
        var start = colon + 1
        while start < end, Self.isBlank(bytes[start]) { start += 1 }
        if !pendingIsClean, let error = Self.checkValue(bytes, start..<end, isStrict: options.isStrict) { return error }
        record(HeaderField(token: token, name: ByteRange(line.lowerBound..<colon), value: ByteRange(start..<end)))
        return nil
    }

    /// The checks of a value with control characters in it.
    private static func checkValue(
        _ bytes: borrowing Span<UInt8>, _ value: Range<Int>, isStrict: Bool
    ) -> RequestError? {
        if isStrict {
            guard bytes.firstControl(from: value.lowerBound, to: value.upperBound) == value.upperBound else {
                return RequestError(.malformedValue, LineReader.quoted(value))
            }
            return nil
        }
        for at in value where bytes[at] &- 10 < 4 { return RequestError(.whitespaceInValue) }
        return nil
    }

    /// The checks of a name that is not known. In unsafe mode any name without blanks will do.
    private static func checkName(
        _ bytes: borrowing Span<UInt8>, _ line: Range<Int>, _ colon: Int, isStrict: Bool
    ) -> RequestError? {
        let isFound = colon < line.upperBound
        if isStrict {
            var at = line.lowerBound
            while at < colon, ByteSet.token.contains(bytes[at]) { at += 1 }
            guard isFound, colon > line.lowerBound, at == colon else {
                return RequestError(.malformedName, LineReader.quoted(line))
            }
            return nil
        }
        guard isFound else { return RequestError(.missingColon, LineReader.quoted(line)) }
        guard colon > line.lowerBound else { return RequestError(.emptyFieldName) }
        for at in line.lowerBound..<colon where ASCII.isSpace(bytes[at]) { return RequestError(.whitespaceInName) }
        return nil
    }

    @inline(__always) private mutating func record(_ field: HeaderField) {
        let bit = field.token.bit
        repeated |= present & bit
        present |= bit
        if field.token == .other { otherBytes += Int(field.value.count) + 2 }
        fields.append(field)
    }

    /// Fields of one name count as one field for the size limit.
    private func checkMerged(_ bytes: borrowing Span<UInt8>, _ options: borrowing RequestOptions) -> RequestError? {
        let limit = options.limitRequestFieldSize
        if repeated == 0, otherBytes <= limit { return nil }
        for (index, field) in fields.enumerated() {
            guard field.token == .other || repeated & field.token.bit != 0 else { continue }
            var total = Int(field.value.count)
            for other in fields[(index + 1)...] where sameName(bytes, field, other) {
                total += 2 + Int(other.value.count)
            }
            guard total <= limit else {
                let name = LineReader.fieldName(bytes, field.name.range)
                return RequestError(.mergedFieldTooLong, ByteRange(name))
            }
        }
        return nil
    }

    func sameName(_ bytes: borrowing Span<UInt8>, _ left: HeaderField, _ right: HeaderField) -> Bool {
        guard left.token == right.token, left.name.count == right.name.count else { return false }
        if left.token != .other { return true }
        for index in 0..<Int(left.name.count)
        where ASCII.lower(bytes[left.name.start + index]) != ASCII.lower(bytes[right.name.start + index]) {
            return false
        }
        return true
    }
}

/// Cuts a buffer into lines as `ap_rgetline` does, and remembers how far it looked.
struct LineReader: Sendable {
    /// Where the line that is being read begins, and how far it was searched.
    private(set) var start = 0
    private var searched = 0
    private var hasNUL = false
    private var isClean = true

    init(start: Int = 0) {
        self.start = start
        searched = start
    }

    struct Line {
        /// Without its end.
        var content: Range<Int>
        /// Where the next line begins.
        var next: Int
        /// There is no control character in the content, except HT.
        var isClean: Bool
    }
    enum Outcome {
        case incomplete
        case line(Line)
        /// Longer than the limit; with the bytes Apache has read by then.
        case tooLong(Range<Int>)
        /// A NUL in it, or no CR before LF where one is needed; with what Apache would log of it.
        case bad(Range<Int>)
    }

    @inline(__always)
    mutating func next(_ bytes: borrowing Span<UInt8>, to end: Int, limit: Int, needsCR: Bool) -> Outcome {
        // Apache's buffer has room for the limit, CR and LF; an LF after a CR in its last place is let pass.
        let room = limit + 2
        let at = search(bytes, to: end)
        guard at < end else {
            return end - start <= room ? .incomplete : .tooLong(upToNUL(bytes, start..<start + room - 1))
        }
        let length = at - start
        let endsWithCR = length > 0 && bytes[at - 1] == 13
        guard length < room || (length == room && endsWithCR) else {
            return .tooLong(upToNUL(bytes, start..<start + room - 1))
        }
        if needsCR, !endsWithCR { return .bad(upToNUL(bytes, start..<at + 1)) }
        let content = start..<(endsWithCR ? at - 1 : at)
        if hasNUL { return .bad(upToNUL(bytes, content)) }
        let line = Line(content: content, next: at + 1, isClean: isClean)
        start = at + 1
        searched = start
        isClean = true
        return .line(line)
    }

    /// Where the line feed is, or `end`; notes on the way what else is in the line.
    @inline(__always)
    private mutating func search(_ bytes: borrowing Span<UInt8>, to end: Int) -> Int {
        var at = searched
        while true {
            at = bytes.firstControl(from: at, to: end)
            searched = at
            guard at < end else { return end }
            let byte = bytes[at]
            if byte == 10 { return at }
            if byte == 13 {
                guard at + 1 < end else { return end }
                if bytes[at + 1] == 10 { return at + 1 }
            }
            if byte == 0 { hasNUL = true }
            isClean = false
            at += 1
        }
    }

    private func upToNUL(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        range.lowerBound..<bytes.firstIndex(of: 0, from: range.lowerBound, to: range.upperBound)
    }

    /// At most 80 bytes, as Apache quotes lines.
    static func quoted(_ line: Range<Int>) -> ByteRange {
        ByteRange(line.lowerBound..<min(line.upperBound, line.lowerBound + 80))
    }
    /// What is before the colon, at most 80 bytes: `field_name_len`.
    static func fieldName(_ bytes: borrowing Span<UInt8>, _ line: Range<Int>) -> Range<Int> {
        let end = min(line.upperBound, line.lowerBound + 80)
        return line.lowerBound..<bytes.firstIndex(of: UInt8(ascii: ":"), from: line.lowerBound, to: end)
    }
}
