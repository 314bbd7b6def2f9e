// Heads, bodies and paths of requests.
import Bytes
import HTTP

let requestTargets = [
    Target(
        name: "request-head",
        dictionary: [
            "\r\n", "\n", "\r", "\r\n\r\n", " HTTP/1.1\r\n", " HTTP/1.0\r\n", " HTTP/0.9", "HTTP/9.9", "GET ", "POST ",
            "OPTIONS * ", "CONNECT a:1 ", "Host: ", "Host: [::1]:80\r\n", "Content-Length: ",
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: ", "Expect: 100-continue\r\n", "Range: bytes=", "If-None-Match: ", "If-Range: ",
            "\r\n ",
            "\r\n\t", ":", "http://", "https://u:p@h:1/", "%2e%2e", "%00", "//", "/../", "?", "#",
        ], run: requestHead),
    Target(
        name: "chunked-body",
        dictionary: [
            "\r\n", "\n", "0\r\n", "0\r\n\r\n", "1\r\n", ";", ";a=b", ";a=\"b\"", "ffffffffffffffff",
            "7fffffffffffffff", "00000",
            "X: y\r\n", "Host: a\r\n", " ", "\t",
        ], run: chunkedBody),
    Target(
        name: "url-path",
        dictionary: [
            "/", "//", ".", "..", "/./", "/../", "%2e", "%2E%2e", "%2f", "%2F", "%00", "%25", "%", "%4", "%41", ";",
            "*",
            ".%2e", "%2e.", "/.%2e/",
        ], run: urlPath),
]

// MARK: - Heads

private struct HeadOutcome: Equatable {
    var result: RequestHead.ParseResult
    var line: ByteString = ""
    var method: ByteString = ""
    var target: ByteString = ""
    var version = HTTPVersion.http09
    var fields: [[ByteString]] = []

    init(_ head: RequestHead, _ result: RequestHead.ParseResult, _ bytes: [UInt8]) {
        self.result = result
        guard case .complete = result else { return }
        line = ByteString(bytes.span, head.requestLine)
        method = ByteString(bytes.span, head.methodName)
        target = ByteString(bytes.span, head.targetText)
        version = head.version
        fields = head.fields.map { [ByteString(bytes.span, $0.name), ByteString(bytes.span, $0.value)] }
    }
}

private func options(_ random: inout Random) -> RequestOptions {
    var options = RequestOptions()
    options.isStrict = !random.once(in: 3)
    options.registeredMethodsOnly = random.once(in: 5)
    options.allows09 = !random.once(in: 5)
    if random.once(in: 4) { options.limitRequestLine = random.below(60) }
    if random.once(in: 4) { options.limitRequestFields = random.below(4) }
    if random.once(in: 4) { options.limitRequestFieldSize = random.below(60) }
    return options
}

private func requestHead(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    let options = options(&random)
    var whole = input
    var head = RequestHead()
    head.reset()
    let result = head.parse(&whole, options)
    let complete = HeadOutcome(head, result, whole)
    let inPieces = pieces(input, random.cuts(input.count), options, isTrial: false)
    try requireSame(inPieces, complete, "the head in pieces and whole")
    try requireSame(whole.count, input.count, "bytes of the buffer")

    let trial = pieces(input, [input.count], options, isTrial: true)
    if case .complete = trial.result { try requireSame(trial, complete, "the head as a trial") }
    guard case .complete(let length) = complete.result else { return try errorTexts(complete.result, whole) }
    try require(length > 0 && length <= input.count, "a head of \(length) bytes in \(input.count)")
    try examine(head, whole, options)
}

private func pieces(_ input: [UInt8], _ ends: [Int], _ options: RequestOptions, isTrial: Bool) -> HeadOutcome {
    var buffer = input
    var head = RequestHead()
    head.isTrial = isTrial
    head.reset()
    var result = RequestHead.ParseResult.incomplete
    for end in ends where result == .incomplete {
        var span = buffer.mutableSpan
        result = head.parse(&span, to: end, options)
    }
    return HeadOutcome(head, result, buffer)
}

private func errorTexts(_ result: RequestHead.ParseResult, _ bytes: [UInt8]) throws(Violation) {
    guard case .failed(let error) = result else { return }
    try require(error.status.isError, "an error with status \(error.status.code)")
    try require(error.detail.end <= bytes.count, "an error about bytes past the end")
    _ = error.message(detail: ByteString(bytes.span, error.detail))
}

private func examine(_ head: RequestHead, _ bytes: [UInt8], _ options: RequestOptions) throws(Violation) {
    let conditions = Conditions(head, bytes.span)
    let validators = Conditions.Validators(entityTag: "\"a-1\"", lastModified: 784_111_777, now: 1_700_000_000)
    _ = conditions.evaluate(head.method, validators)
    _ = conditions.allowsRange(validators)
    var path = ByteString(bytes.span, head.target.path).bytes
    if URLPath.normalize(&path, [.notAboveRoot, .decodeUnreserved, .mergeSlashes]) {
        try require(!climbs(path), "the path of the request climbs: \(ByteString(path))")
    }
    do throws(RequestError) {
        _ = try head.examine(bytes.span, options, isSecure: false)
    } catch {
        try require(error.status.isError, "an error with status \(error.status.code)")
        _ = error.message(detail: ByteString(bytes.span, error.detail))
    }
}

// MARK: - Bodies

private struct BodyOutcome: Equatable {
    var body: [UInt8] = []
    var end: ChunkedDecoder.Event = .needMore
    var used = 0
    var trailers: [[ByteString]] = []
}

private func chunkedBody(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    let options = options(&random)
    let limit: UInt64 = random.once(in: 4) ? UInt64(random.below(30)) : 0
    var whole = try decoded(input, [input.count], options, limit)
    var split = try decoded(input, random.cuts(input.count), options, limit)
    if limit > 0 {
        // How much of a body that is too long was handed on depends on how it came.
        try require(UInt64(split.body.count) <= limit, "more body than the limit")
        if whole.end == .failed(RequestError(.bodyTooLong)) {
            (whole.body, split.body) = ([], [])
        }
    }
    try requireSame(split, whole, "the body in pieces and whole")
}

private func decoded(
    _ input: [UInt8], _ ends: [Int], _ options: RequestOptions, _ limit: UInt64
) throws(Violation) -> BodyOutcome {
    var decoder = ChunkedDecoder(options, limit: limit)
    var outcome = BodyOutcome()
    var position = 0
    for end in ends where outcome.end == .needMore {
        while true {
            let before = position
            let event = decoder.next(input.span, &position, to: end)
            try require(position >= before && position <= end, "the position \(position) left \(before)...\(end)")
            if case .body(let range) = event {
                try require(range.lowerBound >= before && range.upperBound == position, "body outside what was read")
                try require(!range.isEmpty, "an empty piece of body")
                outcome.body += input[range]
                continue
            }
            outcome.end = event
            break
        }
    }
    // After a failure nobody reads on, and how far the decoder looked ahead means nothing.
    if case .failed = outcome.end {} else { outcome.used = position }
    outcome.trailers = decoder.trailers.map {
        [ByteString(decoder.trailerBytes.span, $0.name), ByteString(decoder.trailerBytes.span, $0.value)]
    }
    return outcome
}

// MARK: - Paths

/// True when a segment is `..`.
private func climbs(_ path: [UInt8]) -> Bool {
    path.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
}

private func urlPath(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    let flags = URLPath.NormalizeFlags(rawValue: UInt8(random.below(16)))
    var path = input
    let isGood = URLPath.normalize(&path, flags)
    try require(path.count <= input.count, "normalising made the path longer")
    if isGood {
        try require(!climbs(path), "normalised but climbing: \(ByteString(path))")
        if !flags.contains(.allowRelative), path != Array("*".utf8) {
            try require(path.first == UInt8(ascii: "/"), "normalised to a relative path: \(ByteString(path))")
        }
        try normalisedAgain(path, flags)
        var served = path
        if flags.contains(.decodeUnreserved), URLPath.unescape(&served, [.keepUnreserved, .forbidSlashes]) == nil {
            try require(!climbs(served), "unescaped to a climbing path: \(ByteString(served))")
        }
    }
    try unescapes(input, &random)

    var merged = input
    URLPath.mergeSlashes(&merged)
    var again = merged
    URLPath.mergeSlashes(&again)
    try requireSame(again, merged, "slashes merged twice and once")
    var parents = input
    URLPath.removeParents(&parents)
    try require(!climbs(parents), "removeParents left a parent: \(ByteString(parents))")
}

private func normalisedAgain(_ path: [UInt8], _ flags: URLPath.NormalizeFlags) throws(Violation) {
    // A relative path may be nothing any more, or begin with a slash now.
    if flags.contains(.allowRelative) { return }
    var again = path
    let isGood = URLPath.normalize(&again, flags)
    try require(isGood, "normalised, but refused the second time: \(ByteString(path))")
    try requireSame(ByteString(again), ByteString(path), "normalised twice and once")
}

private func unescapes(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    var unescaped = input
    let status = URLPath.unescape(&unescaped, URLPath.UnescapeFlags(rawValue: UInt8(random.below(8))))
    try require(unescaped.count <= input.count, "unescaping made the text longer")
    if status == nil { try require(input.contains(0) || !unescaped.contains(0), "unescaped to a NUL") }
    var form = input
    _ = URLPath.unescapeForm(&form)
    guard !input.contains(0) else { return }
    for escaped in [ByteString(input).escapedPath, ByteString(input).escapedPathSegment] {
        var back = escaped.bytes
        try require(URLPath.unescape(&back, []) == nil, "an escaped path cannot be unescaped")
        try requireSame(ByteString(back), ByteString(input), "escaped and unescaped")
    }
    var back = ByteString(input).urlEncoded.bytes
    try require(URLPath.unescapeForm(&back) == nil, "an encoded form cannot be decoded")
    try requireSame(ByteString(back), ByteString(input), "encoded and decoded")
}
