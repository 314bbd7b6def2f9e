// Apache: modules/mappers/mod_negotiation.c (var_rec, negotiation_state)

import Bytes
import HTTP
import ServerCore

/// One of the things a client may be given, and how well each of its sides suits (var_rec).
struct Variant {
    /// The file's subrequest; nil when a type map names it.
    var request: Request?
    var type: ByteString = ""
    var fileName: ByteString = ""
    /// What a type map says itself, instead of a file.
    var body: ByteString?
    var encoding: ByteString?
    var languages: [ByteString] = []
    var charset: ByteString = ""
    var description: ByteString = ""
    var level = 0
    var length: Int64?
    /// Place in LanguagePriority; nil when it has none or it does not matter.
    var languageIndex: Int?

    var languageQuality: Float = 1
    var encodingQuality: Float = 1
    var charsetQuality: Float = 1
    var typeQuality: Float = 1
    var sourceQuality: Float = 0

    var matchedLevel = 0
    /// 1 for `*/*`, 2 for `type/*`, 3 for `type/subtype`.
    var stars = 0
    /// False when a wildcard decided (RFC 2296).
    var isDefinite = true

    static let serverParsed: ByteString = "text/x-server-parsed-html"
    static let serverParsed3: ByteString = "text/x-server-parsed-html3"
    static let cgiType: ByteString = "application/x-httpd-cgi"
    static let mapType: ByteString = "application/x-type-map"

    /// HTML, perhaps with server-side includes.
    var isPseudoHTML: Bool { type == "text/html" || type == Self.serverParsed || type == Self.serverParsed3 }
    var languageList: ByteString {
        ByteString(Array(languages.map(\.bytes).joined(separator: [UInt8(ascii: ",")])))
    }

    /// Takes type, quality, level and character set from a content type (set_mime_fields).
    mutating func take(_ item: AcceptItem) {
        type = item.name
        sourceQuality = Float(item.quality) / 1000
        level = item.level
        charset = item.charset
    }
    static func isIdentity(_ encoding: ByteString?) -> Bool {
        guard let encoding, !encoding.isEmpty else { return true }
        return encoding == "7bit" || encoding == "8bit" || encoding == "binary"
    }
}

/// A negotiation on its way (negotiation_state). Fields of the client that are absent are nil.
struct NegotiationState {
    let request: Request
    let directory: ByteString
    var accepts: [AcceptItem]?
    let encodings: [AcceptItem]?
    let charsets: [AcceptItem]?
    let languages: [AcceptItem]?
    /// Some element of Accept has a weight below 1.
    let acceptHasWeights: Bool
    var defaultLanguageQuality: Float = 1
    var variants: [Variant] = []
    var multiViewsCount = 0
    /// The client may negotiate itself (RFC 2295).
    var isTransparent = false
    var keepsFields = false
    var clientIsTransparent = false
    var sendsAlternates = false
    var mayChoose = true
    var usesRVSA = false

    init(_ request: Request) {
        self.request = request
        let name = request.filename ?? "/"
        directory = name.upTo((name.lastIndex(of: UInt8(ascii: "/")) ?? 0) + 1)
        accepts = request.header("Accept").map(AcceptItem.parse)
        acceptHasWeights = accepts?.contains { $0.quality < 1000 } ?? false
        encodings = request.header("Accept-Encoding").map(AcceptItem.parse)
        languages = request.header("Accept-Language").map(AcceptItem.parse)
        charsets = request.header("Accept-Charset").map(AcceptItem.parse)
    }

    /// What the Negotiate field asks for (parse_negotiate_header).
    mutating func readNegotiate() {
        guard let field = request.header("Negotiate") else { return }
        // Lynx says this and does not mean it.
        if field == "trans", request.header("User-Agent")?.hasPrefix("Lynx") == true { return }
        mayChoose = false
        var position = 0
        while let item = FieldList.canonicalItem(field, &position) {
            let isVersion = item.first.map(ASCII.isDigit) ?? false
            guard isVersion || item == "trans" || item == "vlist" || item == "guess-small" || item == "*" else {
                continue
            }
            clientIsTransparent = true
            sendsAlternates = true
            if item == "1.0" {
                mayChoose = true
                usesRVSA = true
                keepsFields = true
            } else if item == "*" {
                mayChoose = true
                keepsFields = true
            }
        }
    }

    /// A client without Accept takes everything; scripts are preferred where there is something for them to do.
    mutating func addDefaultAccepts(prefersScripts: Bool) {
        if accepts == nil { accepts = [AcceptItem(name: "*/*")] }
        let quality = usesRVSA ? 0 : prefersScripts ? 2000 : 1
        accepts?.append(AcceptItem(name: Variant.cgiType, quality: quality))
    }

    /// The length of a variant's file; nil when it cannot be told.
    func length(_ variant: Variant) -> Int64? {
        if let length = variant.length { return length }
        if let size = variant.request?.finfo?.size { return size }
        return request.files.status(directory + variant.fileName)?.size
    }
}
