// Apache: modules/generators/mod_autoindex.c (index_directory, emit_head, emit_tail, emit_preamble)

import Bytes
import HTTP
import Kernel
import ServerCore

/// Makes the page of one directory.
struct IndexPage {
    let request: Request
    let config: AutoindexDirectory
    let query: IndexQuery
    var output: [UInt8] = []
    /// Where documents that were answered in between end.
    private var documentEnds: [Int] = []

    init(_ request: Request) {
        self.request = request
        config = request[Autoindex.directory].settled
        query = IndexQuery(config, query: request.args)
    }

    mutating func make() async -> Outcome {
        let directory = request.filename ?? "/"
        guard File.isAccessible(directory, read: true) else {
            request.log(
                .error, "autoindex",
                "(13)Permission denied: AH01275: Can't open directory for index: \(directory)")
            return .status(403)
        }
        let type = config.type ?? "text/html"
        let charset = config.charset ?? "ISO-8859-1"
        request.setContentType(charset.isEmpty ? type : "\(type);charset=\(charset)", isTrusted: true)
        if config.options.contains(.trackModified), let status = request.finfo { request.setValidators(from: status) }
        if request.isHeadOnly { return .ok }
        let title = Self.title(request.uri)
        await emitHead(title)
        let collector = IndexCollector(
            request: request, config: config, options: query.options, pattern: query.pattern,
            sortsByDate: query.key == .lastModified, directory: directory)
        guard let entries = collector.collect() else { return .status(403) }
        let sort = IndexSort(
            key: query.key, isAscending: query.isAscending, usesVersions: query.options.contains(.versionSort),
            ignoresCase: query.options.contains(.ignoreCase))
        var list = IndexList(config: config, query: query)
        list.emit(sort.sorted(entries))
        output += list.output
        await emitTail()
        request.responseBody = body()
        return .ok
    }

    /// The URL without the slashes at its end, but never empty.
    static func title(_ uri: ByteString) -> ByteString {
        var title = uri.escapedHTML
        while title.count > 1, title.last == UInt8(ascii: "/") { title = title.upTo(title.count - 1) }
        return title
    }

    /// Apache passes on what it has after each subrequest and when its buffer of 8000 bytes is full: then nobody knows
    /// the length.
    private func body() -> ResponseBody {
        var ends = documentEnds
        if ends.isEmpty, output.count > 8000 { ends = [8000] }
        var pieces: [ResponseBody.Piece] = []
        var start = 0
        for end in ends + [output.count] where end > start {
            pieces.append(.bytes(ByteString(Array(output[start..<end]))))
            start = end
        }
        return pieces.count > 1 ? .stream(ResponseBody.pieces(pieces).asSource()) : .pieces(pieces)
    }

    // MARK: Head and tail

    private mutating func emitHead(_ title: ByteString) async {
        var emitsPreamble = true
        var emitsHeading = true
        let suppresses = query.options.contains(.suppressPreamble)
        if var name = config.header {
            if let args = request.args { name = "\(name)?\(args)" }
            switch await document(name) {
            case .html(let body):
                if !suppresses { preamble(title) }
                output += body
                documentEnds.append(output.count)
                emitsPreamble = false
                emitsHeading = false
            case .failed:
                // What was to replace the preamble did not come.
                if !suppresses { preamble(title) }
                emitsPreamble = suppresses
            case .text(let text):
                preamble(title)
                plain(text)
                emitsPreamble = false
                emitsHeading = false
            case nil: break
            }
        }
        if emitsPreamble { preamble(title) }
        if emitsHeading {
            output.append(config.styleSheet != nil ? "  <h1 id=\"indextitle\">Index of " : "<h1>Index of ")
            output.append(title)
            output.append("</h1>\n")
        }
    }

    private mutating func emitTail() async {
        var suppressesSignature = false
        var suppressesEnd = false
        if let name = config.readme {
            switch await document(name) {
            case .html(let body):
                output += body
                documentEnds.append(output.count)
                suppressesSignature = true
                suppressesEnd = query.options.contains(.suppressPreamble)
            case .text(let text):
                plain(text)
                suppressesSignature = true
            case .failed, nil: break
            }
        }
        if !suppressesSignature { output.append(request.signature) }
        if !suppressesEnd { output.append("</body></html>\n") }
    }

    private mutating func preamble(_ title: ByteString) {
        let isXHTML = query.options.contains(.xhtml)
        if isXHTML {
            output.append("<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n")
            output.append("\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n")
            output.append("<html xmlns=\"http://www.w3.org/1999/xhtml\">\n <head>\n  <title>Index of ")
        } else {
            output.append("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" ")
            output.append("\"http://www.w3.org/TR/html4/strict.dtd\">\n")
            output.append("<html>\n <head>\n  <title>Index of ")
        }
        output.append(title)
        output.append("</title>\n")
        if let sheet = config.styleSheet {
            output.append("  <link rel=\"stylesheet\" href=\"")
            output.append(sheet)
            output.append(isXHTML ? "\" type=\"text/css\" />\n" : "\" type=\"text/css\">\n")
        }
        if let insert = config.headInsert { output.append(insert) }
        output.append(" </head>\n <body>\n")
    }

    /// `HeaderName` and `ReadmeName`: an HTML document is run, any other text is shown as it is.
    private enum Document {
        case html([UInt8])
        case text([UInt8])
        case failed
    }
    private func document(_ name: ByteString) async -> Document? {
        let sub = request.lookup(uri: name)
        guard sub.status == 200, let path = sub.filename, sub.finfo?.isRegular == true, let type = sub.contentType
        else { return nil }
        if IndexCollector.isHTML(type) {
            guard let body = await request.run(sub) else { return .failed }
            return .html(body)
        }
        guard type.hasPrefixIgnoringCase("text/"), let text = try? File.readWhole(path, limit: 64 << 20) else {
            return nil
        }
        return .text(text)
    }
    private mutating func plain(_ text: [UInt8]) {
        output.append("<pre>\n")
        for byte in text {
            switch byte {
            case UInt8(ascii: "<"): output.append("&lt;")
            case UInt8(ascii: ">"): output.append("&gt;")
            case UInt8(ascii: "&"): output.append("&amp;")
            default: output.append(byte)
            }
        }
        output.append("</pre>\n")
    }
}
