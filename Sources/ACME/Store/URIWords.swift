// Apache: modules/md/md_util.c (uri_check, md_util_abs_uri_check, md_util_abs_http_uri_check, md_util_schemify)

import Bytes

/// What is wrong with a URI, in Apache's words.
public enum URIWords {
    /// nil: nothing.
    public static func fault(_ text: String) -> String? {
        if text.utf8.contains(32) || text.utf8.contains(9) { return "whitespace in uri" }
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex,
            text[..<colon].utf8.allSatisfy({ ASCII.isAlnum($0) || $0 == 43 || $0 == 45 || $0 == 46 })
        else { return "missing uri scheme" }
        let scheme = text[..<colon].lowercased()
        let rest = text[text.index(after: colon)...]
        if rest.isEmpty { return "missing uri identifier" }
        if scheme == "mailto" { return mailFault(rest) }
        if scheme.hasPrefix("http") { return hostFault(rest) }
        return nil
    }
    public static func httpFault(_ text: String) -> String? {
        if let fault = fault(text) { return fault }
        let scheme = text.prefix { $0 != ":" }.lowercased()
        return scheme == "http" || scheme == "https" ? nil : "uri scheme must be http or https"
    }
    private static func mailFault(_ rest: Substring) -> String? {
        let parts = rest.split(separator: "@", omittingEmptySubsequences: false)
        if parts.count < 2 { return "missing @" }
        if parts.count > 2 { return "duplicate @" }
        if parts[0].isEmpty { return "missing local part" }
        if parts[1].isEmpty { return "missing hostname" }
        let bytes = Array(rest.utf8)
        return zip(bytes, bytes.dropFirst()).contains { $0 == 46 && $1 == 46 } ? "double period" : nil
    }
    private static func hostFault(_ rest: Substring) -> String? {
        guard rest.hasPrefix("//") else { return "missing hostname" }
        let authority = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.hasPrefix("[") { return authority.contains("]") ? nil : "invalid hostname" }
        let host = authority.prefix { $0 != ":" }
        guard !host.isEmpty else { return "missing hostname" }
        guard DNSName.isName(String(host), needsDomain: false) else { return "invalid hostname" }
        let port = authority.dropFirst(host.count).dropFirst()
        guard port.isEmpty || port.utf8.first.map(ASCII.isDigit) == true && UInt16(port) ?? 0 > 0 else {
            return "invalid port"
        }
        return nil
    }
    /// `mailto:` before a plain address.
    public static func contact(_ text: String) -> String { text.contains(":") ? text : "mailto:\(text)" }
}
