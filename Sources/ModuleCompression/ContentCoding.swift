// Apache: modules/filters/mod_deflate.c, mod_brotli.c: what both do with the fields of an answer

import Bytes
import HTTP
import ServerCore

/// The codings of an answer's body.
enum ContentCoding {
    /// Every encoding that the answer has, wherever it was written.
    static func current(_ request: Request) -> ByteString? {
        var encoding = request.headersOut["Content-Encoding"]
        if let other = request.errHeadersOut["Content-Encoding"] {
            encoding = encoding.map { $0 + "," + other } ?? other
        }
        if let own = request.contentEncoding { encoding = encoding.map { $0 + "," + own } ?? own }
        return encoding
    }
    static func isUnencoded(_ encoding: ByteString?, _ request: Request, module: String) -> Bool {
        guard let encoding else { return true }
        var position = 0
        while position < encoding.count {
            let token = FieldList.token(encoding, &position, acceptsBlanks: false)
            if token.isEmpty { break }
            if !["identity", "7bit", "8bit", "binary"].contains(token) {
                request.log(.trace1, module, "Not compressing (content-encoding already  set: \(token))")
                return false
            }
            position += 1
        }
        return true
    }
    /// Whether Accept-Encoding has the token, and not with q=0.
    static func clientAccepts(_ request: Request, _ coding: StaticString) -> Bool {
        guard let accepts = request.header("Accept-Encoding") else { return false }
        var position = 0
        func byte() -> UInt8? { position < accepts.count ? accepts[position] : nil }
        var token = FieldList.token(accepts, &position, acceptsBlanks: false)
        while !token.isEmpty, !token.equalsIgnoringCase(coding) {
            while byte() == UInt8(ascii: ";") {
                position += 1
                _ = FieldList.token(accepts, &position, acceptsBlanks: true)
            }
            if byte() == UInt8(ascii: ",") { position += 1 }
            token = byte() == nil ? "" : FieldList.token(accepts, &position, acceptsBlanks: false)
        }
        var quality: ByteString?
        if byte() != nil {
            while byte() == UInt8(ascii: ";") { position += 1 }
            quality = FieldList.token(accepts, &position, acceptsBlanks: true)
        }
        if token.isEmpty { return false }
        guard let quality, quality.count >= 3 else { return true }
        let zero: ByteString = "q=0.000"
        return !zero.hasPrefix(quality)
    }

    /// Says that the body is now in `coding` too; its length and digest are not what they were.
    static func add(_ coding: ByteString, to encoding: ByteString?, _ request: Request) {
        if encoding == nil || encoding?.equalsIgnoringCase("identity") == true {
            request.headersOut.set("Content-Encoding", coding)
        } else {
            request.headersOut.merge("Content-Encoding", coding)
        }
        request.headersOut.unset("Content-Length")
        request.headersOut.unset("Content-MD5")
        if request.contentEncoding != nil { request.contentEncoding = request.headersOut["Content-Encoding"] }
    }
}

/// `DeflateAlterETag`, `BrotliAlterETag`: the ETag of another representation.
enum ETagChange: Sendable {
    case addSuffix, noChange, remove

    /// nil for a word that is none of the three.
    init?(_ word: ByteString) {
        switch word.lowercased {
        case "nochange": self = .noChange
        case "addsuffix": self = .addSuffix
        case "remove": self = .remove
        default: return nil
        }
    }
    func apply(_ request: Request, _ transform: ByteString) {
        switch self {
        case .noChange: return
        case .remove: request.headersOut.unset("ETag")
        case .addSuffix:
            guard let tag = request.headersOut["ETag"], tag.count > 2, tag.last == UInt8(ascii: "\"") else { return }
            request.headersOut.set("ETag", "\(tag.upTo(tag.count - 1))-\(transform)\"")
        }
    }
}

/// `DeflateFilterNote`, `BrotliFilterNote`: names of the notes that say what compression achieved.
struct FilterNotes: Sendable {
    var ratio: ByteString?
    var input: ByteString?
    var output: ByteString?

    /// The name alone is the ratio's. False: there is no such type of note.
    mutating func set(_ first: ByteString, _ second: ByteString?) -> Bool {
        guard let name = second else {
            ratio = first
            return true
        }
        switch first.lowercased {
        case "ratio": ratio = name
        case "input": input = name
        case "output": output = name
        default: return false
        }
        return true
    }
}
