// Apache: modules/md/mod_md_config.c

import ACME
import Bytes
import ConfigLanguage
import ServerCore

/// `MDPrivateKeys`
enum PrivateKeyWords {
    static func kinds(_ words: [String]) throws(DirectiveError) -> [KeyKind] {
        guard !words.isEmpty else { throw DirectiveError("needs to specify the private key type") }
        var kinds: [KeyKind] = []
        var index = 0
        while index < words.count {
            let word = words[index]
            index += 1
            let lower = word.lowercased()
            if lower == "default" {
                guard words.count == 1 else { throw DirectiveError("'Default' allows no other parameter") }
                return []
            }
            var bits = 2048
            if lower.hasPrefix("rsa"), lower.count > 3, lower.dropFirst(3).first?.isNumber == true {
                bits = try length(lower.dropFirst(3))
            } else if lower == "rsa" {
                if index < words.count, words[index].first?.isNumber == true {
                    bits = try length(words[index][...])
                    index += 1
                }
            } else {
                guard !kinds.contains(where: { $0.name.lowercased() == lower }) else {
                    throw DirectiveError("two keys of type '\(word)' are not possible.")
                }
                kinds.append(.curve(word))
                continue
            }
            guard !kinds.contains(where: { $0.name == "rsa" }) else {
                throw DirectiveError("two keys of type 'RSA' are not possible.")
            }
            kinds.append(.rsa(bits: bits))
        }
        return kinds
    }
    private static func length(_ text: Substring) throws(DirectiveError) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard digits.count < 10, let bits = Int(digits), bits < Int(Int32.max) else {
            throw DirectiveError("is too large for an RSA key length.")
        }
        guard bits >= 2048 else { throw DirectiveError("must be 2048 or higher in order to be considered safe.") }
        return bits
    }
}

/// `MDPortMap`
enum PortMap {
    static func set(_ config: inout GlobalConfig, _ text: String) throws(DirectiveError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let outside: Int
        switch parts[0] {
        case "http": outside = 80
        case "https": outside = 443
        default:
            // As strtol: what is no number is 0 and leaves no colon to find.
            guard parts.count == 2, let number = Int(parts[0]) else {
                throw DirectiveError("no ':' after first port number")
            }
            outside = number
        }
        guard parts.count == 2 else { throw DirectiveError("no ':' after first port number") }
        var inside = 0
        if !parts[1].hasPrefix("-") {
            guard let number = Int(parts[1].prefix { $0.isASCII && $0.isNumber }), (1...65535).contains(number) else {
                throw DirectiveError("invalid number for port map, must be in ]0,65535]")
            }
            inside = number
        }
        switch outside {
        case 80: config.localHTTP = inside
        case 443: config.localHTTPS = inside
        default: throw DirectiveError("mapped port number must be 80 or 443")
        }
    }
}

/// The words before `>`, which may be quoted.
enum SectionWords {
    static func words(_ text: ByteString) -> [ByteString] {
        var words = ArgumentWords(text)
        return words.all()
    }
}

/// What several directives take.
enum SettingWords {
    static func onOff(_ word: ByteString) throws(DirectiveError) -> Bool {
        if word.equalsIgnoringCase("on") { return true }
        if word.equalsIgnoringCase("off") { return false }
        throw DirectiveError("unknown '\(word)', supported parameter values are 'on' and 'off'")
    }
    static func duration(_ word: ByteString, unit: Character) throws(DirectiveError) -> Int64 {
        guard let value = Duration.parse(word.string, unit: unit) else {
            throw DirectiveError("unrecognized duration format")
        }
        return value
    }

    static func window(_ name: String, _ word: ByteString) throws(DirectiveError) -> TimeSlice {
        let slice: TimeSlice
        do throws(TimeSlice.FormatError) {
            slice = try TimeSlice(word.string)
        } catch { throw DirectiveError("\(name) \(error.text)") }
        guard slice.norm == 0 || slice.length < slice.norm else {
            throw DirectiveError("\(name) a length of 100% or more is not allowed.")
        }
        return slice
    }
}
