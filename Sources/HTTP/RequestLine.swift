// Apache: server/protocol.c (ap_parse_request_line)
import Bytes

extension RequestHead {
    /// Fills in everything the request line says. `line` has no line end. On failure what could be read is set, for
    /// the log and for the answer.
    mutating func parseRequestLine(
        _ buffer: inout MutableSpan<UInt8>, _ line: Range<Int>, _ options: borrowing RequestOptions
    ) -> RequestError? {
        if let split = Self.ordinary(buffer.span, line) {
            requestLine = ByteRange(line)
            methodName = ByteRange(split.method)
            targetText = ByteRange(split.target)
            version = split.version
            method = Method(buffer.span, split.method)
            let isParsed = parseTarget(buffer.span)
            return judge(buffer.span, isParsed: isParsed, options)
        }
        if isTrial {
            isStopped = true
            return nil
        }
        var scan = LineScan(line: line, isStrict: options.isStrict)
        scan.run(buffer.span)
        let version = scan.version(buffer.span)
        store(&buffer, scan, version)
        let isParsed = parseTarget(buffer.span)
        var deferred = scan.deferred
        if self.version == .http09, deferred == nil {
            if !options.allows09 {
                deferred = .rejected09
            } else if options.isStrict, method != .get {
                deferred = .methodNotFor09
            }
        }
        if let kind = deferred {
            let detail = quote(buffer.span, kind, scan)
            answerAs10()
            return RequestError(kind, detail)
        }
        return judge(buffer.span, isParsed: isParsed, options)
    }

    /// Splits a line of one method token, one target and one of the usual versions, with single blanks between.
    private static func ordinary(
        _ bytes: borrowing Span<UInt8>, _ line: Range<Int>
    ) -> (method: Range<Int>, target: Range<Int>, version: HTTPVersion)? {
        var at = line.lowerBound
        let end = line.upperBound
        while at < end, ByteSet.token.contains(bytes[at]) { at += 1 }
        guard at > line.lowerBound, at < end, bytes[at] == 32, end - at > 10 else { return nil }
        let method = line.lowerBound..<at
        let blank = bytes.firstNonVisible(from: at + 1, to: end)
        guard blank > at + 1, end - blank == 9, bytes[blank] == 32,
            bytes.equals("HTTP/", in: blank + 1..<blank + 6), bytes[end - 2] == UInt8(ascii: ".")
        else { return nil }
        let version: HTTPVersion
        switch (bytes[end - 3], bytes[end - 1]) {
        case (UInt8(ascii: "1"), UInt8(ascii: "1")): version = .http11
        case (UInt8(ascii: "1"), UInt8(ascii: "0")): version = .http10
        case (UInt8(ascii: "2"), UInt8(ascii: "0")): version = .http20
        default: return nil
        }
        return (method, at + 1..<blank, version)
    }

    private mutating func parseTarget(_ bytes: borrowing Span<UInt8>) -> Bool {
        let isParsed = target.parse(bytes, targetText.range, isConnect: method == .connect)
        guard isParsed else { return false }
        guard target.has(.path), bytes[target.path.start] != UInt8(ascii: "/") else { return true }
        return method == .options && bytes.equals("*", in: target.path.range)
    }

    /// The checks that come after the grammar.
    private mutating func judge(
        _ bytes: borrowing Span<UInt8>, isParsed: Bool, _ options: borrowing RequestOptions
    ) -> RequestError? {
        if options.registeredMethodsOnly, method == .other {
            let name = ByteString(bytes, methodName)
            if !options.registeredMethods.contains(name) {
                return RequestError(.unregisteredMethod, LineReader.quoted(methodName.range))
            }
        }
        guard isParsed else {
            let path = target.has(.path) ? target.path.range : targetText.range
            let detail = ByteRange(LineReader.fieldName(bytes, path))
            answerAs10()
            return RequestError(.unparsableURI, detail)
        }
        guard options.isStrict, !target.parts.isDisjoint(with: [.fragment, .userInfo]) else { return nil }
        answerAs10()
        return RequestError(target.has(.fragment) ? .fragment : .userInfo)
    }

    /// A line that cannot be read is answered with a head, whatever version it named.
    private mutating func answerAs10() {
        guard version == .http09 else { return }
        version = .http10
        isSimple = false
    }

    /// Writes the pieces back with single blanks between them, as Apache rebuilds the line for logs.
    private mutating func store(_ buffer: inout MutableSpan<UInt8>, _ scan: LineScan, _ found: LineScan.Version) {
        var to = scan.line.lowerBound
        var ranges: [ByteRange] = []
        for (index, piece) in [scan.method, scan.target, scan.proto].enumerated() {
            if index > 0, !piece.isEmpty {
                buffer[to] = 32
                to += 1
            }
            let start = to
            for from in piece {
                buffer[to] = buffer[from]
                to += 1
            }
            ranges.append(ByteRange(start..<to))
        }
        methodName = ranges[0]
        targetText = ranges[1]
        requestLine = ByteRange(scan.line.lowerBound..<to)
        version = found.version
        isSimple = found.isSimple
        method = Method(buffer.span, methodName.range)
    }

    private func quote(_ bytes: borrowing Span<UInt8>, _ kind: RequestError.Kind, _ scan: LineScan) -> ByteRange {
        let range: Range<Int>
        switch kind {
        case .invalidMethod, .methodNotFor09: range = methodName.range
        case .badURIEncoding: range = targetText.range
        case .trailingText: range = scan.rest
        case .unrecognizedProtocol:
            let start = targetText.end + 1
            range = min(start, requestLine.end)..<requestLine.end
        default: return .empty
        }
        return ByteRange(LineReader.fieldName(bytes, range))
    }
}

/// The walk over an unusual request line: where its pieces are, and the error that is kept until all are known.
struct LineScan {
    let line: Range<Int>
    let isStrict: Bool
    var method: Range<Int>
    var target: Range<Int>
    var proto: Range<Int>
    /// Text after the protocol.
    var rest: Range<Int>
    var deferred: RequestError.Kind?

    init(line: Range<Int>, isStrict: Bool) {
        self.line = line
        self.isStrict = isStrict
        let none = line.upperBound..<line.upperBound
        method = none
        target = none
        proto = none
        rest = none
    }

    struct Version {
        var version: HTTPVersion
        var isSimple = false
    }

    private mutating func note(_ kind: RequestError.Kind) {
        if deferred == nil { deferred = kind }
    }

    /// The first blank at or after `at`, or nil: C's `strpbrk` with white space.
    private func blank(_ bytes: borrowing Span<UInt8>, from at: Int) -> Int? {
        var at = at
        while at < line.upperBound {
            if ASCII.isSpace(bytes[at]) { return at }
            at += 1
        }
        return nil
    }

    /// Skips blanks from `at`; anything but SP is an error.
    private mutating func skipBlanks(_ bytes: borrowing Span<UInt8>, from at: Int) -> Int {
        var at = at
        while at < line.upperBound, ASCII.isSpace(bytes[at]) {
            if bytes[at] != 32 { note(.badWhitespace) }
            at += 1
        }
        return at
    }

    private func isDoubleBlank(_ bytes: borrowing Span<UInt8>, _ at: Int) -> Bool {
        isStrict && at + 1 < line.upperBound && ASCII.isSpace(bytes[at + 1])
    }

    mutating func run(_ bytes: borrowing Span<UInt8>) {
        let end = line.upperBound
        var start = line.lowerBound
        if start < end, ASCII.isSpace(bytes[start]) {
            deferred = .badWhitespace
            while start < end, ASCII.isSpace(bytes[start]) { start += 1 }
        }
        var at = start
        if isStrict {
            while at < end, ByteSet.token.contains(bytes[at]) { at += 1 }
        } else {
            at = bytes.firstNonVisible(from: start, to: end)
        }
        if at == start || (at < end && !ASCII.isSpace(bytes[at])), deferred == nil {
            deferred = .invalidMethod
            guard let next = blank(bytes, from: at) else {
                method = start..<end
                return
            }
            at = next
        }
        method = start..<at
        if isDoubleBlank(bytes, at) { note(.excessWhitespace) }
        var begin = skipBlanks(bytes, from: at)
        // Apache cuts the line at `at`: without a blank there, nothing is left.
        if begin == at { begin = end }
        if begin == end { note(.missingURI) }
        at = bytes.firstNonVisible(from: begin, to: end)
        if at == begin || (at < end && !ASCII.isSpace(bytes[at])) {
            deferred = .badURIEncoding
            guard let next = blank(bytes, from: at) else {
                target = begin..<end
                return
            }
            at = next
        }
        target = begin..<at
        if isDoubleBlank(bytes, at) { note(.excessWhitespace) }
        scanProtocol(bytes, from: skipBlanks(bytes, from: at))
    }

    private mutating func scanProtocol(_ bytes: borrowing Span<UInt8>, from begin: Int) {
        let end = line.upperBound
        var at = bytes.firstNonVisible(from: begin, to: end)
        proto = begin..<at
        if at < end, !ASCII.isSpace(bytes[at]) {
            deferred = .unrecognizedProtocol
        } else if isStrict, at < end {
            deferred = .excessWhitespace
        } else {
            at = skipBlanks(bytes, from: at)
            rest = at..<end
            if at < end { note(.trailingText) }
        }
    }

    /// What the third piece says; an unknown one is an error.
    mutating func version(_ bytes: borrowing Span<UInt8>) -> Version {
        if proto.isEmpty { return Version(version: .http09, isSimple: true) }
        let start = proto.lowerBound
        guard proto.count == 8, bytes.equalsIgnoringCase("HTTP/", in: start..<start + 5),
            ASCII.isDigit(bytes[start + 5]), bytes[start + 6] == UInt8(ascii: "."), ASCII.isDigit(bytes[start + 7]),
            bytes[start + 5] != UInt8(ascii: "0")
        else {
            note(.unrecognizedProtocol)
            return Version(version: .http09)
        }
        let version = HTTPVersion(major: bytes[start + 5] &- 48, minor: bytes[start + 7] &- 48)
        if bytes.equals("HTTP/", in: start..<start + 5) { return Version(version: version) }
        // Unsafe mode takes `http/1.1` too.
        if isStrict { note(.unrecognizedProtocol) }
        return Version(version: version)
    }
}
