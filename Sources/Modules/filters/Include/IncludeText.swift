// Apache: modules/filters/mod_include.c decodehtml, ap_ssi_parse_string; srclib/apr/strings/apr_strings.c apr_strfsize

import Bytes
import HTTP

/// Strings as SSI documents write them.
enum IncludeText {
    /// Replaces `$name`, `${name}`; `\$` is a dollar sign. A variable that is not set is nothing, or stays as it is when
    /// `keepsUnknown`. nil in `fault`: everything was closed.
    static func expand(
        _ text: ByteString, keepsUnknown: Bool = false, fault: inout ByteString?,
        _ variable: (ByteString) -> ByteString?
    ) -> ByteString {
        var result: [UInt8] = []
        var at = 0
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "\\") {
                if at + 1 < text.count, text[at + 1] == UInt8(ascii: "$") { at += 1 }
                result.append(text[at])
                at += 1
            } else if byte == UInt8(ascii: "$") {
                var start = at + 1
                var end = start
                var next = start
                if start < text.count, text[start] == UInt8(ascii: "{") {
                    start += 1
                    guard let close = (start..<text.count).first(where: { text[$0] == UInt8(ascii: "}") }) else {
                        fault = text.from(start)
                        return ByteString(result)
                    }
                    end = close
                    next = close + 1
                } else {
                    while end < text.count, text[end] == UInt8(ascii: "_") || ASCII.isAlnum(text[end]) { end += 1 }
                    next = end
                }
                if start == end {
                    result.append(byte)
                    at += 1
                    continue
                }
                if let value = variable(text[start..<end]) {
                    result.append(value)
                } else if keepsUnknown {
                    result.append(text[at..<end])
                }
                at = next
            } else {
                result.append(byte)
                at += 1
            }
        }
        return ByteString(result)
    }

    /// `&amp;`, `&#65;`, `&eacute;` … become their Latin-1 bytes; anything else stays.
    static func decodeEntities(_ text: ByteString) -> ByteString {
        guard text.contains(UInt8(ascii: "&")) else { return text }
        var result: [UInt8] = []
        var at = 0
        while at < text.count {
            guard text[at] == UInt8(ascii: "&"),
                let end = (at + 1..<text.count).first(where: { text[$0] == UInt8(ascii: ";") })
            else {
                result.append(text[at])
                at += 1
                continue
            }
            let name = text[at + 1..<end]
            if name.first == UInt8(ascii: "#") {
                let value = name.from(1).leadingInteger
                // Control characters, and numbers beyond Latin-1, are nothing.
                if value == 9 || value == 10 || value == 13 || (32..<127).contains(value) || (160..<256).contains(value)
                {
                    result.append(UInt8(value))
                }
                at = end + 1
            } else if let byte = entities[name] {
                result.append(byte)
                at = end + 1
            } else {
                result.append(text[at])
                at += 1
            }
        }
        return ByteString(result)
    }
    private static let entities: [ByteString: UInt8] = {
        var table: [ByteString: UInt8] = ["lt": 60, "gt": 62, "amp": 38, "quot": 34]
        let names =
            "Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH "
            + "Ntilde Ograve Oacute Ocirc Otilde Ouml - Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute "
            + "acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve "
            + "oacute ocirc otilde ouml - oslash ugrave uacute ucirc uuml yacute thorn yuml"
        for (index, name) in names.split(separator: " ").enumerated() where name != "-" {
            table[ByteString(name)] = UInt8(192 + index)
        }
        return table
    }()

    /// `decoding="url, entity"` and `encoding="…"`: each word is done in turn. nil names the word nobody knows.
    static func recode(_ text: ByteString, decoding: ByteString, encoding: ByteString)
        -> (text: ByteString, unknown: (parameter: ByteString, word: ByteString)?)
    {
        var text = text
        for word in words(decoding) {
            switch word.lowercased {
            case "none": break
            case "url": _ = URLPath.unescape(&text.bytes, [])
            case "urlencoded": _ = URLPath.unescapeForm(&text.bytes)
            case "entity": text = decodeEntities(text)
            case "base64": text = Base64.decode(text)
            default: return (text, ("decoding", word))
            }
        }
        for word in words(encoding) {
            switch word.lowercased {
            case "none": break
            case "url": text = text.escapedPath
            case "urlencoded": text = text.urlEncoded
            case "entity": text = text.escapedHTML
            case "base64": text = Base64.encode(text)
            default: return (text, ("encoding", word))
            }
        }
        return (text, nil)
    }
    private static func words(_ list: ByteString) -> [ByteString] {
        list.bytes.split { $0 == UInt8(ascii: ",") || $0 == 32 || $0 == 9 }.map { ByteString(Array($0)) }
    }

    /// Four characters: "973 ", "1.0K", " 12M".
    static func abbreviated(size: Int64) -> ByteString {
        if size < 0 { return "  - " }
        func padded(_ number: Int64, _ unit: ByteString) -> ByteString {
            let digits = ByteString(decimal: number)
            return ByteString([UInt8](repeating: 32, count: max(0, 3 - digits.count))) + digits + unit
        }
        if size < 973 { return padded(size, " ") }
        var size = size
        for unit: ByteString in ["K", "M", "G", "T", "P", "E"] {
            var rest = size & 1023
            size >>= 10
            if size >= 973 { continue }
            if size < 9 || (size == 9 && rest < 973) {
                rest = (rest * 5 + 256) / 512
                if rest >= 10 {
                    size += 1
                    rest = 0
                }
                return "\(size).\(rest)\(unit)"
            }
            if rest >= 512 { size += 1 }
            return padded(size, unit)
        }
        return "****"
    }
    /// "1,234,567".
    static func grouped(_ number: Int64) -> ByteString {
        let digits = ByteString(decimal: number)
        var result: [UInt8] = []
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result.append(UInt8(ascii: ",")) }
            result.append(digit)
        }
        return ByteString(result)
    }
}
