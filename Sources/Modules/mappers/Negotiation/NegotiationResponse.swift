// Apache: modules/mappers/mod_negotiation.c (do_negotiation, set_neg_headers, make_variant_list,
//         setup_choice_response)

import Bytes
import HTTP
import ServerCore

extension NegotiationState {
    /// The chosen variant, or the status that the request ends with.
    enum Decision {
        case variant(Variant)
        case status(Int)
    }

    mutating func negotiate(prefersScripts: Bool) -> Decision {
        if request.methodNumber.isGet {
            let isPlain = variants.allSatisfy { !$0.fileName.contains(UInt8(ascii: "/")) && $0.body == nil }
            isTransparent = isPlain && request.pathInfo.isEmpty
        }
        if isTransparent { readNegotiate() } else { mayChoose = true }
        addDefaultAccepts(prefersScripts: prefersScripts)
        let (best, isChoice) = bestMatch()
        if !isChoice {
            sendsAlternates = true
            setFields("list")
            (request.main ?? request).notes.set("variant-list", variantList)
            if isTransparent, clientIsTransparent { return .status(300) }
            guard best != nil else {
                request.log(
                    .error, "negotiation", "AH00690: no acceptable variant: \(request.filename ?? "")")
                return .status(406)
            }
        }
        guard let best else { return .status(406) }
        if isTransparent {
            if let status = prepareChoice(best) { return .status(status) }
        } else {
            setFields(isChoice ? "choice" : "list")
        }
        // HTTP/1.0 caches know no Vary.
        let caches = request.server[Negotiation.server].cachesDocuments.value(default: false)
        if !caches, request.protocolNumber < 1001, multiViewsCount != 1 { request.noCache = true }
        return .variant(variants[best])
    }

    /// A status when the chosen variant is negotiated itself, which is one time too many.
    private mutating func prepareChoice(_ best: Int) -> Int? {
        let sub: Request
        if let known = variants[best].request {
            sub = known
        } else {
            sub = request.lookup(file: variants[best].fileName)
            if sub.status != 200, !sub.errHeadersOut.contains("TCN") { return sub.status }
            variants[best].request = sub
        }
        if sub.errHeadersOut.contains("TCN") { return 506 }
        if sub.handler == "type-map" { return 506 }
        if let vary = sub.errHeadersOut["Vary"] {
            request.errHeadersOut.set("Variant-Vary", vary)
            request.errHeadersOut.set("Vary", vary)
            sub.errHeadersOut.unset("Vary")
        }
        request.errHeadersOut.set("Content-Location", variants[best].fileName.escapedPathSegment)
        setFields("choice")
        return nil
    }

    /// Alternates, Vary and TCN; with errors too.
    private func setFields(_ result: ByteString) {
        if sendsAlternates, !variants.isEmpty {
            var alternates: [UInt8] = []
            for variant in variants {
                if !alternates.isEmpty { alternates.append(", ") }
                append(variant, to: &alternates)
            }
            request.errHeadersOut.merge("Alternates", ByteString(alternates))
        }
        var names: [ByteString] = isTransparent ? ["negotiate"] : []
        if differs(\.type) { names.append("accept") }
        if differs(\.languageList) { names.append("accept-language") }
        if differs(\.charset) { names.append("accept-charset") }
        if differs({ $0.encoding ?? "" }) { names.append("accept-encoding") }
        if !names.isEmpty {
            let vary = ByteString(Array(names.map(\.bytes).joined(separator: [UInt8(ascii: ","), 32])))
            request.errHeadersOut.merge("Vary", vary)
        }
        if isTransparent { request.errHeadersOut.set("TCN", result) }
    }
    private func differs(_ side: (Variant) -> ByteString) -> Bool {
        guard let first = variants.first.map(side) else { return false }
        return variants.contains { side($0) != first }
    }

    /// One element of Alternates (RFC 2295, section 8.3).
    private func append(_ variant: Variant, to text: inout [UInt8]) {
        func attribute(_ name: StaticString, _ value: ByteString, to text: inout [UInt8]) {
            guard !value.isEmpty else { return }
            text.append(" {")
            text.append(name)
            text.append(" ")
            text.append(value)
            text.append("}")
        }
        text.append("{\"")
        text.append(variant.fileName.escapedPathSegment)
        text.append("\" ")
        text.append(Self.weight(variant.sourceQuality))
        attribute("type", variant.type, to: &text)
        attribute("charset", variant.charset, to: &text)
        attribute("language", variant.languageList, to: &text)
        attribute("encoding", variant.encoding ?? "", to: &text)
        if variant.request?.handler == nil, let length = length(variant) {
            attribute("length", ByteString(decimal: length), to: &text)
        }
        text.append("}")
    }
    /// `0.85`, `0.9`, `1`: three decimals without zeros at the end.
    private static func weight(_ quality: Float) -> ByteString {
        let thousandths = Int((quality * 1000).rounded())
        var text: [UInt8] = []
        text.append(decimal: thousandths / 1000)
        text.append(".")
        text.append(decimal: thousandths % 1000, width: 3)
        while text.last == UInt8(ascii: "0") { text.removeLast() }
        if text.last == UInt8(ascii: ".") { text.removeLast() }
        return ByteString(text)
    }

    /// What the pages of 300 and 406 list.
    private var variantList: ByteString {
        var text: [UInt8] = []
        text.append("Available variants:\n<ul>\n")
        for variant in variants {
            text.append("<li><a href=\"")
            text.append(variant.fileName.escapedPathSegment)
            text.append("\">")
            text.append(variant.fileName.escapedHTML)
            text.append("</a> ")
            text.append(variant.description)
            append(", type ", variant.type, to: &text)
            append(", language ", variant.languageList, to: &text)
            append(", charset ", variant.charset, to: &text)
            if let encoding = variant.encoding {
                text.append(", encoding ")
                text.append(encoding)
            }
            text.append("</li>\n")
        }
        text.append("</ul>\n")
        return ByteString(text)
    }
    private func append(_ title: StaticString, _ value: ByteString, to text: inout [UInt8]) {
        guard !value.isEmpty else { return }
        text.append(title)
        text.append(value)
    }
}
