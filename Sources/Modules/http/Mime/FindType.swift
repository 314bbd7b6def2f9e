// Apache: modules/http/mod_mime.c (find_ct)

import Bytes
import ServerCore

extension Mime {
    /// The type checker: reads the extensions of the file's name, in any order, after its first part.
    @Sendable static func findType(_ request: Request) -> Outcome {
        if request.finfo?.kind == .directory {
            request.setContentType("httpd/unix-directory", isTrusted: true)
            return .ok
        }
        guard let filename = request.filename else { return .declined }
        let config = request[directory]
        let resource = config.usePathInfo.value == true ? filename + request.pathInfo : filename
        let slash = resource.lastIndex(of: UInt8(ascii: "/"))
        var parts = NameParts(resource.from(slash.map { $0 + 1 } ?? 0))
        // Parts that tell nothing; mod_negotiation must find them in the name that was asked for.
        var exceptions = [parts.base]
        var found = Found()
        while let part = parts.next() {
            if apply(part.lowercased, config, request, &found) || config.multimatch.contains(.any) {
                found.any = true
            } else {
                exceptions.append(part)
            }
        }
        if found.any {
            // No part has a slash, so one separates them.
            request.notes.set("ap-mime-exceptions-list", ByteString(exceptions.joined(separator: [UInt8(ascii: "/")])))
        }
        if let type = request.contentType { rewriteParameters(of: type, charset: found.charset, request) }
        if request.contentLanguages.isEmpty, let language = config.defaultLanguage.value {
            request.contentLanguages = [language]
        }
        return request.contentType == nil ? .declined : .ok
    }

    private struct Found {
        var any = false
        var charset: ByteString?
    }

    /// What one extension brings; true when it says something that can be negotiated.
    private static func apply(
        _ name: ByteString, _ config: borrowing MimeDirectory, _ request: Request, _ found: inout Found
    ) -> Bool {
        let info = config.extensions[name]
        var told = false
        if info?.type == nil, let type = request.configuration.mainServer[server].types.byExtension[name] {
            request.setContentType(type, isTrusted: true)
            told = true
        }
        guard let info else { return told }
        if let type = info.type, !type.isEmpty {
            request.setContentType(type, isTrusted: true)
            told = true
        }
        if let charset = info.charset {
            found.charset = charset
            told = true
        }
        if let language = info.language {
            request.contentLanguages.append(language)
            told = true
        }
        if let encoding = info.encoding {
            request.contentEncoding = request.contentEncoding.map { "\($0), \(encoding)" } ?? encoding
            told = true
        }
        // Handlers and filters cannot be negotiated: somebody must ask for them by name.
        if let handler = info.handler, !request.isProxyRequest {
            request.handler = handler
            told = told || config.multimatch.contains(.handlers)
        }
        if let names = info.inputFilters {
            for filter in filterNames(names) { addInputFilter(filter, request) }
            told = told || config.multimatch.contains(.filters)
        }
        if let names = info.outputFilters {
            for filter in filterNames(names) { addOutputFilter(filter, request) }
            told = told || config.multimatch.contains(.filters)
        }
        return told
    }

    private static func filterNames(_ names: ByteString) -> [ByteString] {
        names.split(on: UInt8(ascii: ";")).filter { !$0.isEmpty }
    }
    private static func addInputFilter(_ name: ByteString, _ request: Request) {
        guard let filter = request.configuration.hooks.inputFilters[name] else { return unknown(name, request) }
        request.inputFilters.append(filter)
    }
    private static func addOutputFilter(_ name: ByteString, _ request: Request) {
        guard let filter = request.configuration.hooks.outputFilters[name] else { return unknown(name, request) }
        request.outputFilters.append(filter)
    }
    private static func unknown(_ name: ByteString, _ request: Request) {
        request.log(.error, "core", "AH00082: an unknown filter was not added: \(name)")
    }

    /// Puts the type together again: the charset of an extension replaces the one a type brought.
    private static func rewriteParameters(of type: ByteString, charset: ByteString?, _ request: Request) {
        let media: MediaType
        do throws(MediaType.Malformed) { media = try MediaType(type) } catch {
            request.server.log(.warning, "mime", error.message)
            return
        }
        var text: ByteString = "\(media.type)/\(media.subtype)"
        var replaced = false
        for (name, value) in media.parameters {
            if let charset, name == "charset" {
                if !replaced { text.append("; charset=" + charset) }
                replaced = true
            } else {
                text.append("; \(name)=\(value)" as ByteString)
            }
        }
        if let charset, !replaced { text.append("; charset=" + charset) }
        request.setContentType(text, isTrusted: request.isContentTypeTrusted)
    }
}

/// The dotted parts of a file's name. Leading dots belong to the first, empty ones are skipped.
struct NameParts {
    let base: ByteString
    private let name: ByteString
    private var position: Int

    init(_ name: ByteString) {
        self.name = name
        var dots = 0
        while dots < name.count, name[dots] == UInt8(ascii: ".") { dots += 1 }
        let end = name.bytes[dots...].firstIndex(of: UInt8(ascii: ".")) ?? name.count
        base = name.upTo(end)
        position = end + 1
    }
    mutating func next() -> ByteString? {
        while position < name.count {
            let end = name.bytes[position...].firstIndex(of: UInt8(ascii: ".")) ?? name.count
            defer { position = end + 1 }
            if end > position { return name[position..<end] }
        }
        return nil
    }
}
