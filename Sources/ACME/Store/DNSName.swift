// Apache: modules/md/md_util.c (md_dns_*)

/// Names of the domain name system, as certificates have them.
public enum DNSName {
    /// - Parameter needsDomain: At least one dot inside.
    public static func isName(_ name: String, needsDomain: Bool = true) -> Bool {
        var dots = 0
        var last: UInt8 = UInt8(ascii: ".")
        let bytes = Array(name.utf8)
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "."):
                if last == UInt8(ascii: ".") { return false }
                if index < bytes.count - 1 { dots += 1 }
            case UInt8(ascii: "-"), 48...57, 65...90, 97...122: break
            default: return false
            }
            last = byte
        }
        return !bytes.isEmpty && bytes.count <= 253 && (dots > 0 || !needsDomain)
    }
    public static func isWildcard(_ name: String) -> Bool { name.hasPrefix("*.") && isName(String(name.dropFirst(2))) }

    /// `pattern` is `name`, or a wildcard for its first label.
    public static func matches(_ pattern: String, _ name: String) -> Bool {
        if equal(pattern, name) { return true }
        guard pattern.hasPrefix("*."), let dot = name.firstIndex(of: ".") else { return false }
        return equal(String(pattern.dropFirst()), String(name[dot...]))
    }
    /// Without regard to case (names are ASCII).
    public static func equal(_ left: String, _ right: String) -> Bool {
        left == right || left.lowercased() == right.lowercased()
    }
    public static func anyMatches(_ patterns: [String], _ name: String) -> Bool {
        patterns.contains { matches($0, name) }
    }
    /// Without those that another one covers.
    public static func minimal(_ names: [String]) -> [String] {
        names.enumerated().filter { index, name in
            !names.enumerated().contains {
                $0.offset != index && $0.element.hasPrefix("*.") && $0.element != name && matches($0.element, name)
            }
        }.map(\.element)
    }
    /// Without repetitions.
    public static func unique(_ names: [String]) -> [String] {
        var result: [String] = []
        for name in names where !result.contains(where: { equal($0, name) }) { result.append(name) }
        return result
    }
}
