// Apache: modules/proxy/proxy_util.c (fixup_uds_filename, ap_proxy_canon_netloc, ap_proxy_canonenc_ex), mod_proxy.c
//         (ap_proxy_de_socketfy, alias_match)

import Bytes
import HTTP
import ServerCore

/// Taking proxy URLs apart and putting them together again.
enum ProxyURL {
    /// `unix:/path|scheme://host/…` without the socket; `localhost` where no host is said. Nil when it is no URL.
    static func withoutSocket(_ url: ByteString) -> ByteString? {
        guard url.hasPrefixIgnoringCase("unix:"), let bar = url.firstIndex(of: UInt8(ascii: "|")) else { return url }
        let rest = url.from(bar + 1)
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let after = rest.from(colon + 1)
        if after.isEmpty { return rest + "//localhost" }
        return after == "//" ? rest + "localhost" : rest
    }
    /// The path of `unix:/path|…`; nil without one.
    static func socket(_ url: ByteString) -> ByteString? {
        guard url.hasPrefixIgnoringCase("unix:"), let bar = url.firstIndex(of: UInt8(ascii: "|")) else { return nil }
        return url[5..<bar]
    }

    /// Takes the socket out of a `proxy:unix:…|…` file name. Nil when it is not well formed.
    static func splitFilename(_ filename: ByteString) -> (socket: ByteString?, filename: ByteString)? {
        guard filename.count > 11, filename[6..<11].equalsIgnoringCase("unix:"),
            let bar = filename.firstIndex(of: UInt8(ascii: "|"))
        else { return (nil, filename) }
        var path = filename[11..<bar]
        // As a URL parser sees it: "//host/path" has a host, "///path" and "/path" have none.
        if path.hasPrefix("//") {
            guard path.count > 2, path[2] == UInt8(ascii: "/") else { return nil }
            path = path.from(2)
        }
        if let question = path.firstIndex(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) {
            path = path.upTo(question)
        }
        let origin = filename.from(bar + 1)
        guard !path.isEmpty, let colon = origin.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let scheme = origin.upTo(colon)
        let rest = origin.from(colon + 1)
        if rest.isEmpty { return (path, "proxy:\(scheme)://localhost") }
        guard rest[0] == UInt8(ascii: "/") else { return (path, "proxy:\(origin)") }
        if rest.count == 1 || rest[1] != UInt8(ascii: "/") { return (path, "proxy:\(scheme)://localhost\(rest)") }
        if rest.count == 2 || rest[2] == UInt8(ascii: "/") {
            return (path, "proxy:\(scheme)://localhost\(rest.from(2))")
        }
        return (path, "proxy:\(origin)")
    }

    /// Host and port of what follows `scheme:`, and the rest after the slash that ends them; a complaint when malformed.
    struct Location {
        var host: ByteString
        /// 0 when none is said.
        var port: UInt16
        /// After the first slash behind the host.
        var path: ByteString
    }
    enum Parsed {
        case location(Location)
        case malformed(String)
    }
    static func parse(afterScheme url: ByteString) -> Parsed {
        guard url.hasPrefix("//") else { return .malformed("Malformed URL") }
        let end = url.bytes[2...].firstIndex(of: UInt8(ascii: "/")) ?? url.count
        var authority = url[2..<end]
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) { authority = authority.from(at + 1) }
        guard let (host, port) = splitPort(authority) else { return .malformed("Invalid host/port") }
        return .location(Location(host: host.lowercased, port: port, path: url.from(end + 1)))
    }
    /// `host`, `host:port`, `[v6]:port`.
    static func splitPort(_ authority: ByteString) -> (ByteString, UInt16)? {
        var host = authority
        var digits: ByteString = ""
        if authority.first == UInt8(ascii: "["), let close = authority.firstIndex(of: UInt8(ascii: "]")) {
            host = authority[1..<close]
            let rest = authority.from(close + 1)
            if !rest.isEmpty {
                guard rest[0] == UInt8(ascii: ":") else { return nil }
                digits = rest.from(1)
                if digits.isEmpty { return nil }
            }
        } else if let colon = authority.lastIndex(of: UInt8(ascii: ":")) {
            host = authority.upTo(colon)
            digits = authority.from(colon + 1)
            // A colon without digits is part of the name, as apr_parse_addr_port has it.
            if digits.isEmpty { host = authority }
        }
        guard !host.isEmpty else { return nil }
        if digits.isEmpty { return (host, 0) }
        guard digits.allSatisfy(ASCII.isDigit), let port = UInt16(digits.string), port > 0 else { return nil }
        return (host, port)
    }

    /// The URL with scheme and host in lower case, and where the host ends; nil when it has none.
    static func lowerHost(_ url: ByteString) -> (url: ByteString, hostEnd: Int)? {
        guard let colon = url.firstIndex(of: UInt8(ascii: ":")), url.count > colon + 3,
            url[colon + 1] == UInt8(ascii: "/"), url[colon + 2] == UInt8(ascii: "/")
        else { return nil }
        var copy = url
        let end = url.bytes[(colon + 3)...].firstIndex(of: UInt8(ascii: "/")) ?? url.count
        for index in 0..<end { copy.bytes[index] = ASCII.lower(copy.bytes[index]) }
        return (copy, end)
    }

    /// Encodes what may not stand in a path. In a reverse proxy nothing is decoded before, but where encoded slashes were
    /// left alone (`AllowEncodedSlashes NoDecode`) they stay. Nil is a bad escape.
    static func encodePath(_ path: ByteString, keepsEncodedSlashes: Bool) -> ByteString? {
        var output: [UInt8] = []
        output.reserveCapacity(path.count + 8)
        var at = 0
        while at < path.count {
            let byte = path[at]
            if keepsEncodedSlashes, byte == UInt8(ascii: "%") {
                guard at + 2 < path.count, let high = ASCII.hexValue(path[at + 1]),
                    let low = ASCII.hexValue(path[at + 2])
                else { return nil }
                if high << 4 | low == UInt8(ascii: "/") {
                    output.append(contentsOf: path.bytes[at..<at + 3])
                    at += 3
                    continue
                }
            }
            if byte == UInt8(ascii: "/") || ASCII.isAlnum(byte) || isPathByte(byte) {
                output.append(byte)
            } else {
                output.append(UInt8(ascii: "%"))
                output.append(upperHex(byte >> 4))
                output.append(upperHex(byte & 15))
            }
            at += 1
        }
        return ByteString(output)
    }
    private static func upperHex(_ digit: UInt8) -> UInt8 { digit < 10 ? 48 + digit : 55 + digit }
    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "~"), UInt8(ascii: "$"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "+"), UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "'"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "@"),
            UInt8(ascii: "&"), UInt8(ascii: "="):
            true
        default: false
        }
    }

    /// How many bytes of `uri` the alias covers; 0 is none. Several slashes count as one (alias_match).
    static func aliasMatch(_ uri: ByteString, _ alias: ByteString) -> Int {
        let slash = UInt8(ascii: "/")
        var left = 0
        var right = 0
        while right < alias.count, left < uri.count {
            if alias[right] == slash {
                guard uri[left] == slash else { return 0 }
                while right < alias.count, alias[right] == slash { right += 1 }
                while left < uri.count, uri[left] == slash { left += 1 }
            } else {
                guard uri[left] == alias[right] else { return 0 }
                left += 1
                right += 1
            }
        }
        if left == uri.count, right != alias.count { return 0 }
        guard right > 0 else { return 0 }
        if alias[right - 1] != slash, left < uri.count, uri[left] != slash { return 0 }
        return left
    }

    /// `${name}` from the request's environment, one level deep (ap_proxy_interpolate).
    static func interpolate(_ text: ByteString, _ request: Request) -> ByteString {
        var result = ByteString()
        var at = 0
        while let start = text.firstRange(of: "${", from: at),
            let end = text.bytes[start.upperBound...].firstIndex(of: UInt8(ascii: "}"))
        {
            result.append(text[at..<start.lowerBound])
            if let value = request.env[text[start.upperBound..<end]] { result.append(value) }
            at = end + 1
        }
        result.append(text.from(at))
        return result
    }
}
