// Apache: modules/mappers/mod_negotiation.c (read_type_map, get_header_line, get_body, handle_map_file)

import Bytes
import HTTP
import Kernel
import ServerCore

/// Type maps: files that list variants.
enum TypeMap {
    /// Longest line and body (MAX_STRING_LEN).
    private static let limit = 8191

    @Sendable static func handle(_ request: Request) async -> Outcome {
        guard request.handler == Variant.mapType || request.handler == "type-map" else { return .declined }
        var state = NegotiationState(request)
        if let status = read(request, into: &state) { return .status(status) }
        switch state.negotiate(prefersScripts: false) {
        case .status(let status): return .status(status)
        case .variant(let best):
            if let body = best.body { return await send(body, best, request) }
            return await redirect(to: best, request)
        }
    }

    private static func send(_ body: ByteString, _ variant: Variant, _ request: Request) async -> Outcome {
        request.allowed |= Method.get.bit | Method.options.bit | Method.post.bit
        guard request.methodNumber.isGet || request.methodNumber == .post else { return .status(405) }
        request.headersOut.set("Accept-Ranges", "bytes")
        request.headersOut.set("Content-Length", ByteString(decimal: body.count))
        if !variant.type.isEmpty {
            let type = variant.charset.isEmpty ? variant.type : "\(variant.type); charset=\(variant.charset)"
            request.setContentType(type, isTrusted: true)
        }
        if !variant.languages.isEmpty { request.contentLanguages = variant.languages }
        if let encoding = variant.encoding, !encoding.isEmpty { request.contentEncoding = encoding }
        if request.isPreconditionFailed { return .ok }
        if let status = await request.discardBody() { return .status(status) }
        request.responseBody = .bytes(body)
        return .ok
    }

    private static func redirect(to variant: Variant, _ request: Request) async -> Outcome {
        var uri = request.uri
        if !request.pathInfo.isEmpty, uri.hasSuffix(request.pathInfo) {
            uri = uri.upTo(uri.count - request.pathInfo.count)
            request.uri = uri
        }
        let directory = uri.upTo((uri.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1).escapedPath
        let url = directory + variant.fileName + request.pathInfo
        return await request.internalRedirect(to: request.args.map { url + "?" + $0 } ?? url)
    }

    // MARK: Reading

    /// Adds the variants of the map that `source` names; a status when it cannot be read.
    static func read(_ source: Request, into state: inout NegotiationState) -> Int? {
        let request = state.request
        let name = source.filename ?? ""
        state.multiViewsCount = 0
        request.doNotReuse()
        var reader: Reader
        do throws(Errno) {
            reader = Reader(bytes: try File.readWhole(name, limit: 1 << 24))
        } catch {
            request.log(
                .error, "negotiation",
                "(\(error.rawValue))\(error.description): AH00683: cannot access type map file: \(name)")
            return error == .notFound || error == .notDirectory ? 404 : 403
        }
        let base = name.from((name.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)
        var variant = Variant()
        var hasContent = false
        while true {
            switch reader.next() {
            case .end, .blank:
                if !variant.fileName.isEmpty, hasContent { state.variants.append(variant) }
                variant = Variant()
                hasContent = false
                if reader.isAtEnd {
                    setValidator(request, source)
                    return nil
                }
            case .header(let line):
                guard let (field, value) = split(line, request) else { return 500 }
                let more = apply(field, value, to: &variant, &hasContent, &reader, base, request)
                guard more else {
                    setValidator(request, source)
                    return nil
                }
            }
        }
    }
    private static func setValidator(_ request: Request, _ source: Request) {
        guard let status = source.finfo else { return }
        source.updateMtime(status.modifiedMicroseconds)
        source.setETag(status)
        // Apache cuts the closing quote off the merged tag; so do we.
        request.vlistValidator = source.headersOut["ETag"].map { $0.upTo($0.count - 1) }
        source.headersOut.unset("ETag")
    }

    private static func split(_ line: ByteString, _ request: Request) -> (ByteString, ByteString)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            request.log(
                .error, "negotiation",
                "AH00681: Syntax error in type map, no ':' in \(request.filename ?? "") for header \(line)")
            return nil
        }
        let rest = line.bytes[(colon + 1)...]
        guard let start = rest.firstIndex(where: { !ASCII.isSpace($0) }) else {
            request.log(
                .error, "negotiation",
                "AH00682: Syntax error in type map --- no header body: \(request.filename ?? "") for \(line)")
            return nil
        }
        return (line.upTo(colon).lowercased, withoutComments(line.from(start)))
    }
    /// Blanks in place of `(…)`.
    private static func withoutComments(_ value: ByteString) -> ByteString {
        var depth = false
        return ByteString(
            value.map { byte in
                if byte == UInt8(ascii: "(") { depth = true }
                defer { if byte == UInt8(ascii: ")") { depth = false } }
                return depth ? 32 : byte
            })
    }

    /// Takes one field; false ends the reading of the map.
    private static func apply(
        _ field: ByteString, _ value: ByteString, to variant: inout Variant, _ hasContent: inout Bool,
        _ reader: inout Reader, _ base: ByteString, _ request: Request
    ) -> Bool {
        var position = 0
        switch field {
        case "uri":
            variant.fileName = FieldList.token(value, &position, acceptsBlanks: false)
            return true
        case "content-type": if let item = AcceptItem.parse(value).first { variant.take(item) }
        case "content-length":
            let text = FieldList.token(value, &position, acceptsBlanks: false)
            guard !text.isEmpty, text.allSatisfy(ASCII.isDigit), let length = text.decimal else {
                request.log(
                    .error, "negotiation",
                    "AH00684: Parse error in type map, Content-Length: '\(text)' in \(request.filename ?? "") is invalid."
                )
                return false
            }
            variant.length = Int64(length)
        case "content-language":
            variant.languages = AcceptItem.parse(value).map(\.name)
        case "content-encoding": variant.encoding = FieldList.token(value, &position, acceptsBlanks: false)
        case "description":
            let text = ByteString(value.map { $0 == 10 ? 32 : $0 })
            variant.description = text.upTo(text.count - 1)
            return true
        case "body":
            guard let body = reader.body(until: value.trimmed(), limit: limit) else {
                request.log(
                    .error, "negotiation",
                    "AH00685: Syntax error in type map, no end tag '\(value.trimmed())' found in \(request.filename ?? "") for Body: content."
                )
                return false
            }
            variant.body = body
            variant.length = Int64(body.count)
            variant.fileName = base
            return true
        default: return true
        }
        hasContent = true
        return true
    }

    /// Goes through the lines of a map.
    struct Reader {
        enum Line { case header(ByteString), blank, end }
        private let bytes: [UInt8]
        private var at = 0
        init(bytes: [UInt8]) { self.bytes = bytes }
        var isAtEnd: Bool { finished }
        private var finished = false

        private mutating func line() -> ArraySlice<UInt8>? {
            guard at < bytes.count else { return nil }
            let end = bytes[at...].firstIndex(of: 10).map { $0 + 1 } ?? bytes.count
            defer { at = end }
            return bytes[at..<end]
        }
        /// The next field with its continuation lines; `#` begins a comment.
        mutating func next() -> Line {
            var first: ArraySlice<UInt8>
            repeat {
                guard let line = line() else {
                    finished = true
                    return .end
                }
                first = line
            } while first.first == UInt8(ascii: "#")
            if first.allSatisfy(ASCII.isSpace) { return .blank }
            var text = ByteString(Array(first))
            if text.hasPrefixIgnoringCase("Body:") { return .header(text) }
            while at < bytes.count {
                if bytes[at] == UInt8(ascii: "#") {
                    _ = line()
                    continue
                }
                guard bytes[at] != 10, ASCII.isSpace(bytes[at]) else { break }
                let saved = at
                guard let more = line() else { break }
                if more.allSatisfy(ASCII.isSpace) {
                    at = saved
                    break
                }
                text = text + ByteString(Array(more.drop(while: ASCII.isSpace)))
            }
            return .header(text)
        }
        /// What stands before `tag`; reading goes on in the line after it.
        mutating func body(until tag: ByteString, limit: Int) -> ByteString? {
            let window = ByteString(Array(bytes[at..<min(bytes.count, at + limit)]))
            guard let found = window.firstRange(of: tag) else { return nil }
            at += found.upperBound
            _ = line()
            return window.upTo(found.lowerBound)
        }
    }
}
