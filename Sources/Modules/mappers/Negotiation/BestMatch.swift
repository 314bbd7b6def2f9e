// Apache: modules/mappers/mod_negotiation.c (best_match, is_variant_better, is_variant_better_rvsa, level_cmp)

import Bytes
import ServerCore

extension NegotiationState {
    /// The best variant's index, and whether it is to be sent (otherwise the client is to choose from a list).
    mutating func bestMatch() -> (best: Int?, isChoice: Bool) {
        var preferred = request.env["prefer-language"]
        let discardsAll = request.isSet("no-gzip")
        let discardsButHTML = !discardsAll && request.env["gzip-only-text/html"] == "1"
        let hasLanguages = variants.contains { !$0.languages.isEmpty }
        defaultLanguageQuality = !keepsFields && hasLanguages ? 0.0001 : 1
        var bestQuality: Float = 0
        while true {
            var best: Int?
            for index in variants.indices {
                let variant = variants[index]
                if discardsAll || discardsButHTML, isDiscarded(variant, all: discardsAll) { continue }
                if let preferred, !variant.languages.contains(preferred) { continue }
                rate(index, preferredLanguage: preferred)
                guard mayChoose else { continue }
                if isBetter(index, than: best, &bestQuality) { best = index }
            }
            var isChoice = bestQuality > 0
            if usesRVSA { isChoice = isChoice && best.map { variants[$0].isDefinite } ?? false }
            // Nothing in the preferred language: all languages are looked at.
            if preferred != nil, best == nil || !isChoice {
                preferred = nil
                continue
            }
            return (best, isChoice)
        }
    }

    private func isDiscarded(_ variant: Variant, all: Bool) -> Bool {
        guard !Variant.isIdentity(variant.encoding), variant.encoding != "identity" else { return false }
        return all || !variant.type.hasPrefix("text/html")
    }

    private func isBetter(_ index: Int, than best: Int?, _ bestQuality: inout Float) -> Bool {
        let variant = variants[index]
        let isBetter =
            usesRVSA
            ? isBetterRVSA(variant, best.map { variants[$0] }, bestQuality)
            : isBetterApache(variant, best.map { variants[$0] }, bestQuality)
        if isBetter {
            bestQuality = variant.typeQuality * variant.sourceQuality
            if usesRVSA { bestQuality *= variant.charsetQuality * variant.languageQuality }
        }
        return isBetter
    }

    private func isBetterRVSA(_ variant: Variant, _ best: Variant?, _ bestQuality: Float) -> Bool {
        guard variant.encodingQuality != 0 else { return false }
        let quality =
            variant.typeQuality * variant.sourceQuality * (variant.charsetQuality * variant.languageQuality)
        guard quality > 0 else { return false }
        if quality > bestQuality { return true }
        guard quality == bestQuality, let best else { return false }
        return variant.encodingQuality > best.encodingQuality
    }

    private func isBetterApache(_ variant: Variant, _ best: Variant?, _ bestQuality: Float) -> Bool {
        guard variant.encodingQuality != 0, variant.languageQuality != 0, variant.sourceQuality != 0,
            variant.charsetQuality != 0, variant.typeQuality != 0
        else { return false }
        let quality = variant.typeQuality * variant.sourceQuality
        guard quality != 0, quality >= bestQuality else { return false }
        guard let best, quality == bestQuality else { return true }
        if variant.languageQuality != best.languageQuality { return variant.languageQuality > best.languageQuality }
        let (place, bestPlace) = (variant.languageIndex ?? .max, best.languageIndex ?? .max)
        if place != bestPlace { return place < bestPlace }
        let level = Self.compareLevels(variant, best)
        if level != 0 { return level > 0 }
        if variant.charsetQuality < best.charsetQuality { return false }
        if variant.charsetQuality > best.charsetQuality
            || Self.isSpecial(variant.charset) && !Self.isSpecial(best.charset)
        {
            return true
        }
        if variant.encodingQuality != best.encodingQuality { return variant.encodingQuality > best.encodingQuality }
        return (length(variant) ?? -1) < (length(best) ?? -1)
    }
    private static func isSpecial(_ charset: ByteString) -> Bool { !charset.isEmpty && charset != "iso-8859-1" }

    /// The higher of the levels that the client named; without such the lower.
    private static func compareLevels(_ left: Variant, _ right: Variant) -> Int {
        if left.isPseudoHTML != right.isPseudoHTML, left.isPseudoHTML { return 0 }
        if !left.isPseudoHTML, left.type != right.type { return 0 }
        if left.matchedLevel != right.matchedLevel { return left.matchedLevel > right.matchedLevel ? 1 : -1 }
        if left.level != right.level { return left.level < right.level ? 1 : -1 }
        return 0
    }
}
