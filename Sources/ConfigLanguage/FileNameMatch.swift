// APR: strings/apr_fnmatch.c, apr_fnmatch with APR_FNM_PERIOD, and apr_fnmatch_test.
import Bytes

/// Whether `pattern` holds `*`, `?` or a `[…]`, so that it can name several files.
public func isFileNamePattern(_ pattern: ByteString) -> Bool {
    var depth = 0
    var at = 0
    while at < pattern.count {
        switch pattern[at] {
        case UInt8(ascii: "*"), UInt8(ascii: "?"): return true
        case UInt8(ascii: "\\"):
            at += 1
            if at == pattern.count { return false }
        case UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "]") where depth > 0: return true
        default: break
        }
        at += 1
    }
    return false
}

/// Whether the whole of `name` matches: `*`, `?`, `[a-z]`, `[!x]`, `\x`. A leading dot must be written.
public func fileNameMatches(_ pattern: ByteString, _ name: ByteString) -> Bool {
    if name.first == UInt8(ascii: "."), pattern.first != UInt8(ascii: ".") {
        guard pattern.count > 1, pattern[0] == UInt8(ascii: "\\"), pattern[1] == name[0] else { return false }
    }
    var patternAt = 0
    var nameAt = 0
    var retry: (pattern: Int, name: Int)?
    while true {
        if patternAt < pattern.count, pattern[patternAt] == UInt8(ascii: "*") {
            patternAt += 1
            retry = (patternAt, nameAt)
            continue
        }
        if nameAt == name.count {
            if patternAt == pattern.count { return true }
        } else if let after = matchOne(pattern.bytes, patternAt, name[nameAt]) {
            patternAt = after
            nameAt += 1
            continue
        }
        // Let the last star take one byte more.
        guard let star = retry, star.name < name.count else { return false }
        retry = (star.pattern, star.name + 1)
        patternAt = star.pattern
        nameAt = star.name + 1
    }
}

/// Where the pattern goes on when its element at `at` matches `byte`.
private func matchOne(_ pattern: [UInt8], _ at: Int, _ byte: UInt8) -> Int? {
    guard at < pattern.count else { return nil }
    switch pattern[at] {
    case UInt8(ascii: "?"): return at + 1
    case UInt8(ascii: "["):
        if let (matches, end) = matchBracket(pattern, at + 1, byte) { return matches ? end : nil }
    case UInt8(ascii: "\\") where at + 1 < pattern.count:
        return pattern[at + 1] == byte ? at + 2 : nil
    default: break
    }
    return pattern[at] == byte ? at + 1 : nil
}

/// Nil when the bracket is never closed; it then stands for itself.
private func matchBracket(_ pattern: [UInt8], _ start: Int, _ byte: UInt8) -> (matches: Bool, end: Int)? {
    var at = start
    let negates = at < pattern.count && (pattern[at] == UInt8(ascii: "!") || pattern[at] == UInt8(ascii: "^"))
    if negates { at += 1 }
    var found = false
    let first = at
    while at < pattern.count {
        if pattern[at] == UInt8(ascii: "]"), at > first { return (found != negates, at + 1) }
        if pattern[at] == UInt8(ascii: "\\"), at + 1 < pattern.count { at += 1 }
        let low = pattern[at]
        at += 1
        if at + 1 < pattern.count, pattern[at] == UInt8(ascii: "-"), pattern[at + 1] != UInt8(ascii: "]") {
            at += 1
            if pattern[at] == UInt8(ascii: "\\"), at + 1 < pattern.count { at += 1 }
            if low <= byte, byte <= pattern[at] { found = true }
            at += 1
        } else if low == byte {
            found = true
        }
    }
    return nil
}
