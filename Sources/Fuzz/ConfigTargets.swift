// Configuration files, .htaccess files and ini files.
import Bytes
import ConfigLanguage
import Expressions

let configTargets = [
    Target(
        name: "config-text",
        dictionary: [
            "<", ">", "</", "\\\n", "\n", "\r\n", "#", "\"", "'", "${V}", "${", "}", "$x", "@y", "%z", "<IfModule ",
            "</IfModule>\n",
            "<IfDefine !", "<IfVersion >= 2.4>\n", "</IfVersion>\n", "<IfFile ", "<IfDirective ", "<IfSection ",
            "<Macro M $x>\n",
            "</Macro>\n", "Use M a\n", "UndefMacro M\n", "Define ", "UnDefine ", "Include ", "IncludeOptional ",
            "Include input.conf\n", "d/*.conf", "[a-", "?", "ServerRoot ", "LoadModule a_module a.so\n",
            "AtOnce fail\n",
            "<Files x>\n", "</Files>\n", "<If \"", "../", "~ /x/", "\0",
        ], run: configText),
    Target(
        name: "ini",
        dictionary: [
            "[", "]", "=", ";", "#", "\"", "'", "${HOME}", "${", "}", "E_ALL", "|", "&", "^", "~", "!", "(", ")", "on",
            "off", "none",
            "null", "include = d/*.conf\n", "include = input.conf\n", "env[A] = ", "\\", "\n", "\r\n", "\0", "yes",
            "1k",
        ], run: ini),
    Target(
        name: "wildcard",
        dictionary: ["*", "?", "[", "]", "[!a-z]", "[^", "\\", "-", "/", ".", "**", "a", "\n"], run: wildcard),
]

private func configText(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    let host = FakeHost(input)
    let state = ConfigReader.State(serverRoot: "/srv/conf", defines: ["V=value", "W"])
    let reader = ConfigReader(host, state: state)
    do throws(ConfigError) {
        checkWords(try reader.read("input.conf"))
    } catch {
        _ = configurationErrorText(error)
    }
    let rules = HtaccessRules(
        allowsOverride: !random.once(in: 3), directives: random.once(in: 2) ? ["setenv", "<files"] : [],
        isOverrideNonfatal: random.once(in: 2))
    do throws(ConfigError) {
        checkWords(try ConfigReader(host, state: state).readHtaccess(input, name: "/srv/.htaccess", rules: rules))
    } catch {
        _ = configurationErrorText(error)
    }
    for path in input.split(separator: 10).prefix(20) {
        guard let merged = reader.serverRootRelative(ByteString(path)) else { continue }
        try require(merged.first == UInt8(ascii: "/"), "a relative path from the server root: \(merged)")
    }
}

/// Splits the arguments of every directive in every way.
private func checkWords(_ nodes: [Node]) {
    let arities: [DirectiveArity] = [
        .raw, .none, .take1, .take2, .take12, .take3, .take23, .take123, .take13, .iterate, .iterate2, .flag, .argv,
    ]
    for node in nodes {
        for arity in arities { _ = try? directiveArguments(node.arguments, arity, name: node.name, usage: "x") }
        var words = ArgumentWords(node.arguments)
        while !words.isAtEnd { _ = words.nextBraced() }
        _ = errorDirectiveMessage(node.arguments)
        checkWords(node.children)
    }
}

private func ini(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    let host = FakeHost(input)
    do throws(IniError) {
        _ = try IniFile.read("/srv/conf/input.conf", host)
    } catch {
        try require(!error.messages.isEmpty, "an error without a message")
    }
    for line in input.split(separator: 10) { _ = try? IniParser.parse(Array(line), host) }
}

/// The first line is the pattern, the rest the text.
private func wildcard(_ input: [UInt8], _ random: inout Random) throws(Violation) {
    let parts = input.split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
    let pattern = ByteString(parts[0])
    let text = ByteString(parts.count > 1 ? parts[1] : [])
    _ = Wildcard.matches(pattern, text, Wildcard.Flags(rawValue: UInt8(random.below(16))))
    _ = Wildcard.isPattern(pattern)
    _ = isFileNamePattern(pattern)
    _ = fileNameMatches(pattern, text)
    guard pattern.count <= 60, text.count <= 200 else { return }
    let isSame = Wildcard.matchesSimply(text, pattern)
    try requireSame(isSame, matchesByTable(text, pattern), "'\(text)' with the simple pattern '\(pattern)'")
    if !pattern.contains(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "\\") }) {
        try requireSame(Wildcard.matches(pattern, text), isSame, "'\(text)' with the pattern '\(pattern)'")
    }
}

/// `*` and `?` by the textbook: row by row, which prefixes match.
private func matchesByTable(_ text: ByteString, _ pattern: ByteString) -> Bool {
    var row = [Bool](repeating: false, count: text.count + 1)
    row[0] = true
    for item in pattern {
        var next = [Bool](repeating: false, count: text.count + 1)
        for end in 0...text.count {
            if item == UInt8(ascii: "*") {
                next[end] = row[end] || end > 0 && next[end - 1]
            } else if end > 0 {
                next[end] = row[end - 1] && (item == UInt8(ascii: "?") || item == text[end - 1])
            }
        }
        row = next
    }
    return row[text.count]
}
