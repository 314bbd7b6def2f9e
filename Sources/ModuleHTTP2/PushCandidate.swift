// Apache: modules/http2/h2_push.c

import Bytes

/// `Accept-Push-Policy`: what a client wants of pushed answers.
enum PushPolicy: ByteString {
    case none
    case `default`
    /// Heads only.
    case head
    case fastLoad = "fast-load"

    /// h2_push_policy_determine; what is unknown is taken for the default.
    init(field: ByteString?) {
        guard let field else {
            self = .default
            return
        }
        self = [.none, .head, .fastLoad].first { $0.rawValue == field } ?? .default
    }
}

/// A resource that goes to the client unasked, because an answer's Link field names it with `rel=preload`.
struct PushCandidate: Equatable {
    /// Path and query.
    var path: ByteString
    /// `H2PushResource … critical`: before the answer that names it.
    var isCritical: Bool

    /// What the values of Link fields name that this server has.
    static func collect(_ links: [ByteString], scheme: ByteString, authority: ByteString) -> [PushCandidate] {
        var found: [PushCandidate] = []
        for value in links {
            var reader = LinkReader(text: value.bytes)
            while let link = reader.next() {
                guard link.isPreload, !link.has("nopush"), let path = path(link.reference, scheme, authority) else {
                    continue
                }
                found.append(PushCandidate(path: path, isCritical: link.has("critical")))
            }
        }
        return found
    }

    /// The path of a reference to the same authority; relative ones that do not begin with a slash are none.
    private static func path(_ reference: ByteString, _ scheme: ByteString, _ authority: ByteString) -> ByteString? {
        var rest = reference
        if let hash = rest.firstIndex(of: UInt8(ascii: "#")) { rest = rest.upTo(hash) }
        if !rest.hasPrefix("/"), rest.hasPrefix(scheme), rest.from(scheme.count).hasPrefix("://") {
            rest = rest.from(scheme.count + 1)
        }
        if rest.hasPrefix("//") {
            rest = rest.from(2)
            guard rest.hasPrefix(authority) else { return nil }
            rest = rest.from(authority.count)
        }
        guard rest.hasPrefix("/"), !rest.bytes.contains(where: { $0 <= 32 || $0 == 127 }) else { return nil }
        return rest
    }
}

/// Takes the value of a Link field apart (RFC 8288, section 3), as far as Apache does.
struct LinkReader {
    struct Link {
        var reference: ByteString
        var parameters: [(name: ByteString, value: ByteString)] = []

        func has(_ name: ByteString) -> Bool { parameters.contains { $0.name.equalsIgnoringCase(name) } }
        /// `preload` among the relations; the last `rel` counts.
        var isPreload: Bool {
            guard let rel = parameters.last(where: { $0.name.equalsIgnoringCase("rel") })?.value else { return false }
            return rel.bytes.split(separator: 32).contains { ByteString(Array($0)) == "preload" }
        }
    }
    let text: [UInt8]
    private var at = 0

    init(text: [UInt8]) { self.text = text }

    /// The next link; nil at the end, or at what is none.
    mutating func next() -> Link? {
        if at > 0 { guard take(UInt8(ascii: ",")) else { return nil } }
        guard take(UInt8(ascii: "<")), let end = text[at...].firstIndex(of: UInt8(ascii: ">")) else { return nil }
        var link = Link(reference: ByteString(Array(text[at..<end])))
        at = end + 1
        while take(UInt8(ascii: ";")) {
            let name = token(Self.isAttribute)
            guard !name.isEmpty else { break }
            link.parameters.append((name, value()))
        }
        return link
    }
    private mutating func value() -> ByteString {
        guard take(UInt8(ascii: "=")) else { return "" }
        skipBlanks()
        if at < text.count, text[at] == UInt8(ascii: "\"") {
            guard let end = text[(at + 1)...].firstIndex(of: UInt8(ascii: "\"")) else { return "" }
            defer { at = end + 1 }
            return ByteString(Array(text[(at + 1)..<end]))
        }
        return token(Self.isToken)
    }
    private mutating func token(_ belongs: (UInt8) -> Bool) -> ByteString {
        skipBlanks()
        let start = at
        while at < text.count, belongs(text[at]) { at += 1 }
        return ByteString(Array(text[start..<at]))
    }
    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard at < text.count, text[at] == byte else { return false }
        at += 1
        return true
    }
    private mutating func skipBlanks() { while at < text.count, text[at] == 32 || text[at] == 9 { at += 1 } }
    private static func isAttribute(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "!#$&+-.^_`|~".utf8.contains(byte)
    }
    private static func isToken(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "!#$%&'()*+-./:<=>?@[]^_`{|}~".utf8.contains(byte)
    }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}

/// What was pushed on a connection (`H2PushDiarySize`): nothing goes out twice.
struct PushDiary {
    /// 0: nothing is remembered.
    let limit: Int
    private var seen: [UInt64] = []

    init(limit: Int) { self.limit = limit <= 0 ? 0 : max(2, limit) }

    /// False for what was noted before, which becomes the latest.
    mutating func note(_ authority: ByteString, _ path: ByteString) -> Bool {
        guard limit > 0 else { return true }
        // FNV-1a.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in authority.bytes + [0] + path.bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        if let known = seen.firstIndex(of: hash) {
            seen.remove(at: known)
            seen.append(hash)
            return false
        }
        if seen.count >= limit { seen.removeFirst() }
        seen.append(hash)
        return true
    }
}

/// `H2PushPriority`: where among a connection's answers pushed ones of a type go.
struct PushPriority: Sendable, Equatable {
    enum Place: Sendable { case after, before, interleaved }
    var place = Place.after
    /// 1 to 256, for clients with the priorities of RFC 7540; those of RFC 9218 know no weights.
    var weight = 16
}
