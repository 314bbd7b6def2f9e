// Records of FastCGI and heads of CGI answers.
import Bytes
import FastCGI

let fastCGITargets = [
    Target(
        name: "fastcgi-records",
        dictionary: [
            "\u{1}\u{1}\0\u{1}\0\u{8}\0\0", "\u{1}\u{3}\0\u{1}\0\u{8}\0\0", "\u{1}\u{6}\0\u{1}\0\u{2}\u{1}\0ab\0",
            "\u{1}\u{6}\0\u{1}\0\0\0\0", "\u{1}\u{4}\0\u{1}\0\0\0\0", "\u{1}\u{7}\0\u{1}\0\u{1}\0\0x",
            "\u{1}\u{9}\0\0\0\0\0\0",
            "\u{1}\u{5}\0\u{1}\0\0\0\0", "\u{7f}", "\0",
        ], run: fastCGIRecords),
    Target(
        name: "cgi-head",
        dictionary: [
            "Status: 200\n", "Status: ", "Location: /", "Content-type: text/html\r\n", "\r\n", "\n", "\r", ":",
            "Content-Length: 5\n",
            "Set-Cookie: a\n", "-", "ETag: \"x\"\n", " ",
        ], run: cgiHead),
]

/// What a decoder said: neighbouring pieces of one stream count as one.
private struct Step: Equatable {
    var event: String
    var bytes: [UInt8] = []
}

private func fastCGIRecords(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    let expected: UInt16? = random.once(in: 2) ? 1 : nil
    let whole = try steps(input, [input.count], expected)
    try requireSame(try steps(input, random.cuts(input.count), expected), whole, "the records in pieces and whole")
    try pairs(input, &random)
}

private func steps(_ input: [UInt8], _ ends: [Int], _ expected: UInt16?) throws(Violation) -> [Step] {
    var decoder = RecordDecoder(expectedID: expected)
    var steps: [Step] = []
    var start = 0
    for end in ends {
        let piece = Array(input[start..<end])
        start = end
        var position = 0
        while true {
            let before = position
            let event = decoder.next(piece.span, &position)
            try require(position >= before && position <= piece.count, "the position \(position) left \(before)...")
            if event == .needMore {
                try require(position == piece.count, "more is needed, but not all was used")
                break
            }
            if case .failed = event {
                steps.append(Step(event: "\(event)"))
                return steps
            }
            add(event, piece, &steps)
        }
    }
    return steps
}

private func add(_ event: RecordDecoder.Event, _ piece: [UInt8], _ steps: inout [Step]) {
    let (name, range): (String, Range<Int>?) =
        switch event {
        case .stdin(let range): ("stdin", range)
        case .stdout(let range): ("stdout", range)
        case .stderr(let range): ("stderr", range)
        case .params(let range): ("params", range)
        case .data(let range): ("data", range)
        case .unknown(let type, let range): ("unknown \(type)", range)
        default: ("\(event)", nil)
        }
    if let range, let last = steps.last, last.event == name {
        steps[steps.count - 1].bytes += piece[range]
    } else {
        steps.append(Step(event: name, bytes: range.map { Array(piece[$0]) } ?? []))
    }
}

private func pairs(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    var decoder = ParamsDecoder(limit: random.once(in: 4) ? 100 : 1 << 20)
    if decoder.feed(input.span, 0..<input.count), let pairs = decoder.pairs() {
        for pair in pairs {
            try require(pair.name.count + pair.value.count <= input.count, "a pair longer than its stream")
        }
    }
    // What the encoder writes, the decoder reads.
    var output: [UInt8] = []
    var encoder = ParamsEncoder(id: 1, output: &output)
    let cut = random.below(input.count + 1)
    let copies = random.once(in: 50) ? 80_000 / (input.count + 1) : 1
    let value = Array(repeatElement(input[cut...], count: copies).joined())
    encoder.append(name: Array(input[..<cut]).span, value: value.span, to: &output)
    encoder.append(name: "LAST", value: [UInt8]().span, to: &output)
    encoder.finish(&output)
    var records = RecordDecoder(expectedID: 1)
    var read = ParamsDecoder(limit: 1 << 24)
    var position = 0
    while true {
        switch records.next(output.span, &position) {
        case .params(let range): _ = read.feed(output.span, range)
        case .endOfStream(.params):
            let pairs = read.pairs() ?? []
            try requireSame(pairs.map(\.name), [ByteString(input[..<cut]), "LAST"], "the names of the parameters")
            try requireSame(pairs.first?.value, ByteString(value), "the value of the parameter")
            return
        case let event: throw Violation("parameters were read as \(event)")
        }
    }
}

private struct HeadOutcome: Equatable {
    var end: CGIResponseHead.Outcome = .needMore
    var failure: CGIResponseHead.Failure?
    var bytes: [UInt8] = []
    var fields: [CGIResponseHead.Field] = []
}

private func cgiHead(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    let limit = random.once(in: 4) ? random.below(100) : 1 << 20
    let whole = try head(input, [input.count], limit)
    try requireSame(try head(input, random.cuts(input.count), limit), whole, "the head in pieces and whole")
}

private func head(_ input: [UInt8], _ ends: [Int], _ limit: Int) throws(Violation) -> HeadOutcome {
    var head = CGIResponseHead(limit: limit)
    var outcome = HeadOutcome()
    var start = 0
    for end in ends where outcome.end == .needMore {
        outcome.end = head.feed(input.span, start..<end)
        start = end
    }
    outcome.failure = head.finish()
    outcome.bytes = head.bytes
    outcome.fields = head.fields
    for field in head.fields {
        try require(field.name.end <= head.bytes.count && field.value.end <= head.bytes.count, "a field past the end")
    }
    _ = head.status
    if let failure = outcome.failure { _ = failure.message(script: "x.cgi") }
    return outcome
}
