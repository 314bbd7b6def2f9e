// ap_expr, regular expressions and substitutions.
import Bytes
import Expressions

let expressionTargets = [
    Target(
        name: "expression",
        dictionary: [
            "&&", "||", "!", "(", ")", "{", "}", "==", "!=", "=~", "!~", "-eq", "-lt", "-in", "-strmatch", "-fnmatch",
            "-ipmatch",
            "%{REQUEST_URI}", "%{HTTP_HOST}", "%{HTTP:X}", "%{", "$1", "'", "\"", "/x/i", "m#x#", "s/a/b/g", "-f ",
            "-R ", "-Z", "-n",
            "tolower(", "base64(", "unbase64(", "md5(", "sha1(", "escape(", "unescape(", "file('/f')", "req('Host')",
            "split(", "join(",
            "sub(s/a/b/, ", "{'a','b'}", "true", "false", ".", ",", "\\", "%{:", ":}", "reqenv('A')", "127.0.0.1/8",
            "ldap(", "\0",
        ], run: expression),
    Target(
        name: "regex-substitution",
        dictionary: [
            "s/", "/", "/g", "/gi", "m#", "#", "$0", "$1", "$9", "\\", "\\$", "(", ")", "(?:", "|", "*", "+", "?",
            "{2}", "[", "]", "^",
            "$", "\\K", "\\b", "(?=", "(?<n>", ".", "\n",
        ], run: regexSubstitution),
]

private struct FakeRequest: ExpressionContext {
    func variable(_ variable: ExpressionVariable) -> ByteString? {
        switch variable {
        case .requestURI: "/a/b%20c"
        case .requestMethod: "GET"
        case .remoteAddress: "127.0.0.1"
        case .serverName: "example.org"
        default: nil
        }
    }
    var now: ExpressionTime {
        ExpressionTime(year: 2024, month: 2, day: 3, hour: 4, minute: 5, second: 6, weekday: 6)
    }
    var lastModified: ExpressionTime { now }
    func requestHeader(_ name: ByteString, varying: Bool) -> ByteString? {
        name.lowercased == "host" ? "example.org:80, a" : nil
    }
    func responseHeader(_ name: ByteString) -> ByteString? { name == "X" ? "y\u{0}z" : nil }
    func note(_ name: ByteString) -> ByteString? { nil }
    func environment(_ name: ByteString) -> ByteString? { name == "A" ? "$1 %41" : nil }
    func processEnvironment(_ name: ByteString) -> ByteString? { nil }
    var remoteAddress: IPAddress? { IPAddress("127.0.0.1") }
    func fileTest(_ test: FileTest, _ path: ByteString) -> Bool { path == "/f" }
    func fileSize(_ path: ByteString) -> Int? { path == "/f" ? 4 : nil }
    func fileContents(_ path: ByteString, limit: Int) -> ExpressionFile {
        path == "/f" ? .contents("a\nb\n") : path == "/large" ? .tooLarge : .cannotOpen
    }
    func lookupFile(_ path: ByteString) -> Bool { path == "/f" }
    func lookupURI(_ uri: ByteString) -> Bool { uri == "/" }
    func moduleVariable(_ number: Int, _ name: ByteString) -> ByteString? { name }
    func moduleFunction(_ number: Int, _ name: ByteString, _ argument: ByteString) -> ByteString? { argument }
    func moduleList(_ number: Int, _ name: ByteString, _ argument: ByteString) -> [ByteString] { [name, argument] }
    func logDebug(_ message: @autoclosure () -> String) { _ = message() }
}

private let lookup = ExpressionLookup { _, name in name.hasPrefix("ldap") ? 1 : nil }

private func expression(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    // Patterns that take exponential time are the administrator's; short texts keep them short.
    let text = ByteString(input.prefix(2000))
    var flags = ExpressionFlags(rawValue: UInt8(random.below(32)))
    for isString in [false, true] {
        if isString { flags.insert(.stringResult) } else { flags.remove(.stringResult) }
        guard let parsed = try? Expression(text, flags: flags, lookup: random.once(in: 2) ? lookup : nil) else {
            continue
        }
        var matches = ExpressionMatches()
        if isString {
            let value = try? parsed.string(in: FakeRequest(), matches: &matches)
            if let constant = parsed.constant { try requireSame(value, constant, "the value of a constant") }
        } else {
            let value = try? parsed.evaluate(in: FakeRequest(), matches: &matches)
            try requireSame(try? parsed.evaluate(in: FakeRequest()), value, "the second value and the first")
        }
        for number in 0...12 { _ = matches[number] }
    }
}

/// The first line is a pattern or a substitution, the second its template, the rest the subject.
private func regexSubstitution(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    let parts = input.prefix(600).split(separator: 10, maxSplits: 2, omittingEmptySubsequences: false)
    let pattern = ByteString(parts[0].prefix(100))
    let template = ByteString(parts.count > 1 ? parts[1] : [])
    let subject = ByteString(parts.count > 2 ? parts[2].prefix(60) : [])
    if let plus = RegexPlus(pattern), let output = plus.replace(subject) {
        try require(plus.isGlobal || output.count <= subject.count + 65_536, "\(output.count) bytes were made")
    }
    guard let regex = try? Regex(pattern, RegexOptions(rawValue: UInt16(random.below(4)))) else { return }
    _ = regex.groupNames
    let start = random.below(subject.count + 2)
    var groups: [Range<Int>?] = []
    let isMatch = regex.match(subject, from: start, groups: &groups)
    let captures = regex.match(subject, from: start)
    try requireSame(captures != nil, isMatch, "a match and a match with groups")
    try requireSame(regex.matches(subject, from: start), isMatch, "a match and a test")
    for case let group? in groups {
        try require(group.upperBound <= subject.count, "the group \(group) of \(subject.count) bytes")
    }
    let limit = random.below(200) + 1
    if let expanded = Substitution.expand(template, source: subject, captures: captures, limit: limit) {
        try require(expanded.count < limit, "\(expanded.count) bytes with the limit \(limit)")
    }
}
