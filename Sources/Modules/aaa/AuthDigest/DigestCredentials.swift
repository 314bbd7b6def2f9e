// Apache: modules/aaa/mod_auth_digest.c (get_digest_rec, new_digest)

import Bytes
import Expressions

/// The client's `Authorization: Digest …` field, parsed (RFC 2617, section 3.2.2).
struct DigestCredentials: Sendable {
    let username: ByteString
    let realm: ByteString
    let nonce: ByteString
    let uri: ByteString
    let response: ByteString
    let algorithm: ByteString?
    let cnonce: ByteString?
    let opaque: ByteString?
    let qop: ByteString?
    let nonceCount: ByteString?

    enum Parsed: Sendable {
        case none
        case otherScheme(ByteString)
        case invalid
        case valid(DigestCredentials)
    }

    static func parse(_ field: ByteString?) -> Parsed {
        guard let field else { return .none }
        let scheme = field.upTo(field.firstIndex(where: ASCII.isSpace) ?? field.count)
        guard scheme.equalsIgnoringCase("Digest") else { return .otherScheme(scheme) }
        let values = parameters(field.from(scheme.count))
        guard let username = values["username"], let realm = values["realm"], let uri = values["uri"],
            let nonce = values["nonce"], DigestNonce.isWellFormed(nonce),
            let response = values["response"], response.count == 32
        else { return .invalid }
        let (qop, cnonce, count) = (values["qop"], values["cnonce"], values["nc"])
        if qop != nil, cnonce == nil || count == nil { return .invalid }
        return .valid(
            DigestCredentials(
                username: username, realm: realm, nonce: nonce, uri: uri, response: response,
                algorithm: values["algorithm"], cnonce: cnonce, opaque: values["opaque"], qop: qop, nonceCount: count))
    }

    /// `key=value, key="quoted \" value"`: keys in lower case, later ones replace earlier ones.
    static func parameters(_ text: ByteString) -> [ByteString: ByteString] {
        var result: [ByteString: ByteString] = [:]
        var at = 0
        func skipBlanks() { while at < text.count, ASCII.isSpace(text[at]) { at += 1 } }
        func isEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ",") || ASCII.isSpace(byte) }
        while at < text.count {
            skipBlanks()
            let keyStart = at
            while at < text.count, text[at] != UInt8(ascii: "="), !isEnd(text[at]) { at += 1 }
            let key = text[keyStart..<at].lowercased
            skipBlanks()
            var value: [UInt8] = []
            if at < text.count, text[at] == UInt8(ascii: "=") {
                at += 1
                skipBlanks()
                if at < text.count, text[at] == UInt8(ascii: "\"") {
                    at += 1
                    while at < text.count, text[at] != UInt8(ascii: "\"") {
                        if text[at] == UInt8(ascii: "\\"), at + 1 < text.count { at += 1 }
                        value.append(text[at])
                        at += 1
                    }
                } else {
                    while at < text.count, !isEnd(text[at]) {
                        value.append(text[at])
                        at += 1
                    }
                }
            }
            while at < text.count, text[at] != UInt8(ascii: ",") { at += 1 }
            at += 1
            result[key] = ByteString(value)
        }
        return result
    }

    /// What the client should have sent; with `hash` = MD5 of `user:realm:password`.
    func expectedResponse(method: ByteString, hash: ByteString) -> ByteString {
        signature(hash, of: "\(method):\(uri)")
    }
    /// What proves to the client that the server knows the password too.
    func proof(hash: ByteString) -> ByteString { signature(hash, of: ":\(uri)") }

    private func signature(_ hash: ByteString, of text: ByteString) -> ByteString {
        Digest.md5Hex(
            "\(hash):\(nonce):\(nonceCount ?? ""):\(cnonce ?? ""):\(qop ?? ""):\(Digest.md5Hex(text))")
    }
}

/// The server's nonce: base 64 of the time, then SHA-1 over a secret, the realm and the time. It needs no memory.
enum DigestNonce {
    static let timeCount = 12
    static let count = 52

    /// Made in the parent, so that every child knows nonces of the others, and kept over reloads.
    static let secret: [UInt8] = {
        var generator = SystemRandomNumberGenerator()
        return (0..<20).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }()

    static func isWellFormed(_ nonce: ByteString) -> Bool {
        nonce.count == count && nonce[timeCount - 1] == UInt8(ascii: "=")
    }
    /// `time` in µs since the epoch.
    static func make(realm: ByteString, time: Int64) -> ByteString {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: time >> (8 * Int64($0))) }
        let text = Base64.encode(bytes)
        return text + hash(realm: realm, timeText: text, opaque: nil)
    }
    static func hash(realm: ByteString, timeText: ByteString, opaque: ByteString?) -> ByteString {
        Digest.hexadecimal(Digest.sha1(secret + realm.bytes + timeText.bytes + (opaque?.bytes ?? [])))
    }
    /// The time in a well-formed nonce, µs.
    static func time(of nonce: ByteString) -> Int64 {
        let bytes = Base64.decode(nonce.upTo(timeCount)).bytes.prefix(8)
        return Int64(bitPattern: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
