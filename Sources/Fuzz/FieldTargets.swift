// Values of header fields, dates and formats.
import Bytes
import Expressions
import HTTP

let fieldTargets = [
    Target(name: "range", dictionary: ["bytes=", "-", ",", "0-0", "-1", " ", "1-", "bytes=0-,0-,"], run: range),
    Target(
        name: "date",
        dictionary: [
            "Sun, ", "Sunday, ", " GMT", "06 Nov 1994", "06-Nov-94", "08:49:37", "Feb", "29", " ", "9999", "0000",
            "%Y", "%-d", "%E", "%O", "%", "%_", "%^a", "%s", "%Z", "%z", "%10Y",
        ], run: date),
    Target(
        name: "field-list",
        dictionary: [
            ",", ";", "q=", "q=0.5", "\"", "\\", "W/", "*", "close", "chunked", "gzip", "level=1", "charset=\"", " ",
            "\t", "=",
            "[::1]", ":80", "@", "/", "::", "255.255.255.255", "/32", "/128", ".",
        ], run: fieldList),
    Target(
        name: "log-format",
        dictionary: [
            "%", "%%", "%>s", "%<", "%!200,304", "%{", "}", "%{a}i", "%^ti", "%^", "%200", ",", "\\n", "\\", "%M", "%+",
            "%-",
            "%5", "% ", "%{cu}t", "%{begin:%Y}t", "%L",
        ], run: logFormat),
]

private func range(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    let value = ByteString(input)
    let length = [1, 2, 10, 1000, UInt64(Int64.max), 0, UInt64.max][random.below(7)]
    var limits = RangeRequest.Limits()
    if random.once(in: 3) {
        limits.ranges = [nil, 0, 1, 3][random.below(4)]
        limits.overlaps = [nil, 0, 1, 3][random.below(4)]
        limits.reversals = [nil, 0, 1, 3][random.below(4)]
    }
    guard case .ranges(let ranges) = RangeRequest.parse(value, length: length, limits: limits) else { return }
    try require(!ranges.isEmpty, "a set of no ranges")
    if let most = limits.ranges, most > 0 {
        try require(ranges.count <= most, "\(ranges.count) ranges, \(most) allowed")
    }
    var output: [UInt8] = []
    for range in ranges {
        try require(!range.isEmpty && range.upperBound <= length, "the range \(range) of \(length) bytes")
        RangeResponse.appendContentRange(range, length: length, to: &output)
    }
}

private func date(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    if let seconds = HTTPDate.parse(ByteString(input)) {
        let text = HTTPDate.string(seconds)
        try requireSame(HTTPDate.parse(text), seconds, "\(text) read again")
        let time = CivilTime(seconds: seconds)
        try requireSame(time.seconds, seconds, "the seconds of \(text)")
    }
    let seconds = random.once(in: 3) ? Int(truncatingIfNeeded: random.next()) : random.below(1 << 33)
    let time = CivilTime(seconds: seconds, microsecond: random.below(1_000_000), offset: random.below(90_000) - 45_000)
    var output: [UInt8] = []
    LogTime.append(time, format: ByteString(input), to: &output)
    LogTime.appendCommon(time, to: &output)
    LogTime.appendError(time, to: &output)
    HTTPDate.append(seconds, to: &output)
    try require(output.count < 1000 + input.count * 1000, "a format of \(input.count) bytes made \(output.count)")
}

private func fieldList(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    let value = ByteString(input)
    for item in AcceptItem.parse(value) {
        try require((0...1000).contains(item.quality), "a quality of \(item.quality)")
    }
    _ = Parameter.split(value)
    _ = Parameter.unquote(value)
    _ = FieldList.tokens(value, skipsInvalid: random.once(in: 2))
    _ = FieldList.hasToken(value, "close")
    _ = FieldList.isChunked(value)
    _ = FieldList.contains(value, item: "\"a\"")
    _ = EntityTag.strongMatch(value, "\"a-1\"")
    _ = EntityTag.weakMatch(value, "W/\"a-1\"")
    var position = 0
    while true {
        let before = position
        guard let item = FieldList.canonicalItem(value, &position) else { break }
        try require(position > before || item.isEmpty, "an item that moves nothing")
        if position <= before || position >= value.count { break }
    }
    try require(position <= value.count + 1, "the position \(position) of \(value.count)")
    try requireSame(Base64.decode(Base64.encode(input)), value, "base64 there and back")
    _ = Base64.decode(value)
    try addresses(value, input, &random)
}

private func addresses(_ value: ByteString, _ input: [UInt8], _ random: inout Random) throws(Violation) {
    if let host = try? HostName.parse(field: input.span, 0..<input.count, isStrict: random.once(in: 2)) {
        try require(host.name.end <= input.count, "a host name past the end")
    }
    var target = RequestTarget()
    if target.parse(input.span, 0..<input.count, isConnect: random.once(in: 4)) {
        for part in [target.host, target.path, target.query, target.fragment, target.authority] {
            try require(part.end <= input.count, "a part past the end")
        }
    }
    _ = IPAddress(value)
    if let subnet = try? IPSubnet(value) {
        _ = subnet.contains(IPAddress(v4: UInt32(truncatingIfNeeded: random.next())))
    }
}

private func logFormat(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    let format = ByteString(input)
    let isMain = random.once(in: 2)
    if let items = try? FormatString.parseLog(format, isKnown: { $0.count == 1 || $0.first == UInt8(ascii: "^") }) {
        for case .directive(let directive) in items { _ = directive.applies(to: 404) }
    }
    _ = try? FormatString.parseHeader(format, isKnown: { $0 != UInt8(ascii: "?") })
    if let items = try? FormatString.parseErrorLog(format, isMain: isMain, isKnown: { $0 != UInt8(ascii: "?") }) {
        try require(!isMain || items.contains { $0.content == .message }, "a main format without %M")
    }
}
