// Apache: server/config.c, invoke_cmd; include/http_config.h, enum cmd_how.
import Bytes

/// How a directive wants its arguments.
public enum DirectiveArity: Sendable, Hashable {
    /// The whole text, untouched.
    case raw
    case none
    case take1, take2, take12, take3, take23, take123, take13
    /// One call for each word.
    case iterate
    /// One call for each word after the first, which is repeated.
    case iterate2
    /// `On` or `Off`.
    case flag
    /// Up to 64 words at once.
    case argv
}

/// Splits a directive's arguments, or refuses them with Apache's sentence.
/// - Parameters:
///   - name: The directive's own spelling.
///   - usage: The directive's one-line usage; nil leaves it out of the message.
/// - Returns: The words. `raw` gives one, `flag` gives `on` or `off`; optional words that are missing are left out.
///   `iterate` stops at an empty word, as Apache does; `iterate2` gives the first word and then the others.
public func directiveArguments(
    _ arguments: ByteString, _ arity: DirectiveArity, name: String, usage: String? = nil
) throws(ConfigError) -> [ByteString] {
    var words = ArgumentWords(arguments)
    switch arity {
    case .raw: return [arguments]
    case .none:
        guard arguments.isEmpty else { throw ConfigError("\(name) takes no arguments") }
        return []
    case .argv: return firstWords(&words, 64)
    case .flag:
        let word = words.next().lowercased
        guard word == "on" || word == "off" else { throw ConfigError("\(name) must be On or Off") }
        return [word]
    case .iterate:
        let taken = untilEmpty(&words)
        if taken.isEmpty { throw arityError(name, "requires at least one argument", usage) }
        return taken
    case .iterate2:
        let first = words.next()
        if first.isEmpty || words.isAtEnd { throw arityError(name, "requires at least two arguments", usage) }
        return [first] + untilEmpty(&words)
    case .take1, .take2, .take12, .take3, .take23, .take123, .take13:
        return try counted(&words, arity, name, usage)
    }
}

private func counted(
    _ words: inout ArgumentWords, _ arity: DirectiveArity, _ name: String, _ usage: String?
) throws(ConfigError) -> [ByteString] {
    // Which counts are right, how many words must not be empty, and the sentence when they are not.
    let (counts, filled, sentence): (ClosedRange<Int>, Int, String) =
        switch arity {
        case .take2: (2...2, 2, "takes two arguments")
        case .take12: (1...2, 1, "takes 1-2 arguments")
        case .take3: (3...3, 3, "takes three arguments")
        case .take23: (2...3, 2, "takes two or three arguments")
        case .take123: (1...3, 1, "takes one, two or three arguments")
        case .take13: (1...3, 1, "takes one or three arguments")
        default: (1...1, 1, "takes one argument")
        }
    var taken: [ByteString] = []
    while taken.count < counts.upperBound, !words.isAtEnd { taken.append(words.next()) }
    let wrongCount = !counts.contains(taken.count) || !words.isAtEnd
    let empty = taken.prefix(filled).contains(where: \.isEmpty)
    let middle = arity == .take13 && taken.count == 2 && !taken[1].isEmpty
    if wrongCount || empty || middle { throw arityError(name, sentence, usage) }
    // An empty optional word of TAKE12 counts as missing; the other arities hand it on.
    if arity == .take12, taken.count == 2, taken[1].isEmpty { taken.removeLast() }
    return taken
}

private func arityError(_ name: String, _ sentence: String, _ usage: String?) -> ConfigError {
    ConfigError("\(name) \(sentence)" + (usage.map { ", " + $0 } ?? ""))
}

private func untilEmpty(_ words: inout ArgumentWords) -> [ByteString] {
    var taken: [ByteString] = []
    while case let word = words.next(), !word.isEmpty { taken.append(word) }
    return taken
}

private func firstWords(_ words: inout ArgumentWords, _ limit: Int) -> [ByteString] {
    var taken: [ByteString] = []
    words.skipBlanks()
    while taken.count < limit, !words.isAtEnd {
        let word = words.next()
        if word.isEmpty, words.isAtEnd { break }
        taken.append(word)
    }
    return taken
}

/// What the `Error` directive says: its arguments without one pair of equal quotes around them.
/// Apache: server/core.c, generate_error.
public func errorDirectiveMessage(_ arguments: ByteString) -> String {
    guard let first = arguments.first else { return "The Error directive was used with no message." }
    let isQuoted = (first == UInt8(ascii: "\"") || first == UInt8(ascii: "'")) && arguments.last == first
    return isQuoted && arguments.count >= 2 ? arguments[1..<arguments.count - 1].string : arguments.string
}
