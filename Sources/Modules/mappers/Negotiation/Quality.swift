// Apache: modules/mappers/mod_negotiation.c (mime_match, set_accept_quality, set_language_quality, …)

import Bytes
import HTTP
import ServerCore

extension NegotiationState {
    /// Fills in how well a variant suits the client in each respect.
    mutating func rate(_ index: Int, preferredLanguage: ByteString?) {
        rateType(&variants[index])
        if preferredLanguage != nil {
            variants[index].languageQuality = 1
            variants[index].isDefinite = true
        } else {
            rateLanguage(&variants[index])
        }
        rateEncoding(&variants[index])
        rateCharset(&variants[index])
    }

    private func rateType(_ variant: inout Variant) {
        guard let accepts else { return }
        var quality: Float = 0
        var isDefinite = true
        for item in accepts {
            let before = variant.stars
            // A wildcard that comes after a better match changes nothing.
            guard Self.matches(item, &variant), before != variant.stars else { continue }
            // Without weights wildcards are a last resort.
            if !keepsFields, !acceptHasWeights, variant.stars < 3 {
                quality = variant.stars == 1 ? 0.01 : 0.02
            } else {
                quality = Float(item.quality) / 1000
            }
            isDefinite = variant.stars == 3
        }
        variant.typeQuality = quality
        variant.isDefinite = variant.isDefinite && isDefinite
    }

    private static func matches(_ item: AcceptItem, _ variant: inout Variant) -> Bool {
        let name = item.name
        if name == "*" || name == "*/*" {
            variant.stars = max(variant.stars, 1)
            return true
        }
        if name.count > 2, name.hasSuffix("/*"), variant.type.hasPrefix(name.upTo(name.count - 1)) {
            variant.stars = max(variant.stars, 2)
            return true
        }
        let isParsed = variant.type == Variant.serverParsed || variant.type == Variant.serverParsed3
        guard name == variant.type || name == "text/html" && isParsed, item.level >= variant.level else {
            return false
        }
        variant.matchedLevel = variant.level
        variant.stars = 3
        return true
    }

    // MARK: Languages

    private func rateLanguage(_ variant: inout Variant) {
        guard !variant.languages.isEmpty else {
            if !keepsFields { variant.languageQuality = defaultLanguageQuality }
            return
        }
        if let languages {
            rateLanguage(&variant, by: languages)
        } else {
            variant.isDefinite = false
        }
        forcePriority(&variant)
    }

    private func rateLanguage(_ variant: inout Variant, by accepted: [AcceptItem]) {
        let star = accepted.first { $0.name == "*" }
        var best: AcceptItem?
        var fiddled: Float = 0
        var starMatches = false
        for language in variant.languages {
            let match = longestMatch(language, accepted, &fiddled)
            if best == nil || (match?.quality ?? -1) > (best?.quality ?? 0) { best = match }
            if match == nil, star != nil { starMatches = true }
        }
        if starMatches, let star, best.map({ star.quality > $0.quality }) ?? true {
            best = star
            variant.isDefinite = false
        }
        variant.languageQuality = best.map { Float($0.quality) / 1000 } ?? fiddled
    }

    /// The longest range that the language is in. A client that asks for en-US alone is given en too, with
    /// little weight: `fiddled`.
    private func longestMatch(_ language: ByteString, _ accepted: [AcceptItem], _ fiddled: inout Float) -> AcceptItem? {
        var best: AcceptItem?
        var length = 0
        let dash = UInt8(ascii: "-")
        for item in accepted where item.name != "*" {
            let name = item.name
            if language.hasPrefix(name), language.count == name.count || language[name.count] == dash,
                name.count > length
            {
                length = name.count
                best = item
            }
            if best == nil, !keepsFields, let cut = name.firstIndex(of: dash), language.hasPrefix(name.upTo(cut)) {
                fiddled = 0.001
            }
        }
        return best
    }

    /// ForceLanguagePriority.
    private func forcePriority(_ variant: inout Variant) {
        let force = request[Negotiation.directory].forcePriority.value(default: .prefer)
        let prefers = force.contains(.prefer)
        let fallsBack = force.contains(.fallback)
        guard prefers && variant.languageIndex == nil || fallsBack && variant.languageQuality == 0 else { return }
        let priority = request[Negotiation.directory].languagePriority.value(default: [])
        let places = variant.languages.compactMap { language in
            priority.firstIndex { language.upTo($0.count).equalsIgnoringCase($0) }
        }
        guard let place = places.min() else { return }
        if variant.languageQuality != 0 {
            if prefers { variant.languageIndex = place }
        } else if fallsBack {
            variant.languageIndex = place
            variant.languageQuality = 0.0001
            variant.isDefinite = false
        }
    }

    // MARK: Character sets and encodings

    private func rateCharset(_ variant: inout Variant) {
        guard let charsets else {
            if !variant.charset.isEmpty { variant.isDefinite = false }
            return
        }
        var charset = variant.charset
        if charset.isEmpty {
            let isText =
                variant.type.hasPrefix("text/") || variant.type == Variant.serverParsed
                || variant.type == Variant.serverParsed3
            guard isText, !keepsFields else { return }
            charset = "iso-8859-1"
        }
        if let item = charsets.first(where: { $0.name == charset }) {
            variant.charsetQuality = Float(item.quality) / 1000
        } else if let star = charsets.last(where: { $0.name == "*" }) {
            variant.charsetQuality = Float(star.quality) / 1000
            variant.isDefinite = false
        } else {
            variant.charsetQuality = charset == "iso-8859-1" ? 1 : 0
        }
    }

    private func rateEncoding(_ variant: inout Variant) {
        let isIdentity = Variant.isIdentity(variant.encoding)
        guard let encodings else {
            variant.encodingQuality = isIdentity ? 1 : 0.5
            return
        }
        let encoding = isIdentity ? "identity" : withoutX(variant.encoding ?? "")
        if let item = encodings.first(where: { withoutX($0.name) == encoding }) {
            variant.encodingQuality = Float(item.quality) / 1000
        } else if let star = encodings.last(where: { $0.name == "*" }) {
            variant.encodingQuality = Float(star.quality) / 1000
        } else {
            variant.encodingQuality = isIdentity ? 0.0001 : 0
        }
    }
    private func withoutX(_ name: ByteString) -> ByteString { name.hasPrefix("x-") ? name.from(2) : name }
}
