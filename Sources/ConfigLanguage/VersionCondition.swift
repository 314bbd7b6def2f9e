// Apache: modules/metadata/mod_version.c
import Bytes

extension ConfigReader {
    /// The test of `<IfVersion [[!]operator] version>`.
    /// - Parameter words: One to three words; the `>` ends the last or stands alone.
    func versionCondition(_ words: [ByteString]) throws(ConfigError) -> Bool {
        var (written, version) = words.count > 1 ? (words[0], words[1]) : ("=", words[0])
        var hasBracket = words.count > 2 && words[2] == ">"
        if words.count < 3, version == ">" {
            (written, version) = ("=", written)
            hasBracket = true
        }
        guard !version.isEmpty, hasBracket || version.last == UInt8(ascii: ">") else {
            throw ConfigError("<IfVersion> directive missing closing '>'")
        }
        if !hasBracket { version.bytes.removeLast() }

        var mark = written.bytes[...]
        let isNegated = mark.first == UInt8(ascii: "!")
        if isNegated, mark.count > 1 { mark = mark.dropFirst() }
        let orEqual = mark.count == 2 && mark.last == UInt8(ascii: "=") && mark.first != UInt8(ascii: "~")
        guard mark.count == 1 || orEqual, let kind = mark.first else {
            throw ConfigError("unrecognized operator '\(written)'")
        }
        switch kind {
        case UInt8(ascii: "=") where version.first == UInt8(ascii: "/"):
            guard version.count > 1, version.last == UInt8(ascii: "/") else {
                throw ConfigError("Missing delimiting / of regular expression.")
            }
            return try matchesVersion(version[1..<version.count - 1]) != isNegated
        case UInt8(ascii: "~"): return try matchesVersion(version) != isNegated
        case UInt8(ascii: "="): return try compareVersion(version) == 0 ? !isNegated : isNegated
        case UInt8(ascii: "<"):
            let order = try compareVersion(version)
            return (order < 0 || orEqual && order == 0) != isNegated
        case UInt8(ascii: ">"):
            let order = try compareVersion(version)
            return (order > 0 || orEqual && order == 0) != isNegated
        default: throw ConfigError("unrecognized operator '\(written)'")
        }
    }

    private func matchesVersion(_ pattern: ByteString) throws(ConfigError) -> Bool {
        let version = environment.serverVersion
        let subject = ByteString("\(version.major).\(version.minor).\(version.patch)\(version.suffix)")
        guard let found = environment.isFound(pattern, in: subject) else {
            throw ConfigError("Unable to compile regular expression")
        }
        return found
    }

    /// The server's version against `text`: -1, 0 or 1.
    private func compareVersion(_ text: ByteString) throws(ConfigError) -> Int {
        var pieces = text.split(on: UInt8(ascii: "."))
        if pieces.count == 4, pieces[3].isEmpty { pieces.removeLast() }
        let isWellFormed =
            text.first.map(ASCII.isDigit) == true && pieces.count <= 3
            && pieces.allSatisfy { $0.allSatisfy(ASCII.isDigit) }
        guard isWellFormed else {
            throw ConfigError(
                "Version appears to be invalid. It must have the format major[.minor[.patch]] "
                    + "where major, minor and patch are numbers.")
        }
        let version = environment.serverVersion
        for (index, own) in [version.major, version.minor, version.patch].enumerated() {
            let other = index < pieces.count ? pieces[index].decimal ?? (pieces[index].isEmpty ? 0 : Int.max) : 0
            if own != other { return own > other ? 1 : -1 }
        }
        return 0
    }
}
