// Apache: modules/generators/mod_autoindex.c

import Bytes
import HTTP
import ServerCore

/// mod_autoindex: lists of directories that have no index file.
public enum Autoindex {
    public static let module = ModuleDefinition("autoindex", .generators, directives: directives) { hooks in
        hooks.onHandler(handle)
    }

    static let directory = ConfigKey<AutoindexDirectory>()

    private static let directives: [Directive] = [
        icons("AddIcon", .path, "an icon URL followed by one or more filenames"),
        icons("AddIconByType", .type, "an icon URL followed by one or more MIME types"),
        icons("AddIconByEncoding", .encoding, "an icon URL followed by one or more content encodings"),
        alts("AddAlt", .path, "alternate descriptive text followed by one or more filenames"),
        alts("AddAltByType", .type, "alternate descriptive text followed by one or more MIME types"),
        alts("AddAltByEncoding", .encoding, "alternate descriptive text followed by one or more content encodings"),
        Directive("IndexOptions", .indexes, "one or more index options [+|-][]", .takeArgv(indexOptions)),
        Directive(
            "IndexOrderDefault", .indexes, "{Ascending,Descending} {Name,Size,Description,Date}",
            .take2(orderDefault)),
        Directive(
            "IndexIgnore", .indexes, "one or more file extensions",
            .iterate { context, word in
                change(context) { $0.ignored.append(IndexItem(.other, word, context.path, "")) }
            }),
        Directive(
            "IndexIgnoreReset", .indexes, "Reset the inherited list of IndexIgnore filenames",
            .flag { context, on in change(context) { $0.resetsIgnored = on } }),
        Directive(
            "AddDescription", .indexes, "Descriptive text followed by one or more filenames",
            .iterate2 { context, text, name in
                change(context) { $0.descriptions.append(IndexDescription(text, for: name)) }
            }),
        word("HeaderName", "a filename", \.header),
        word("ReadmeName", "a filename", \.readme),
        Directive(
            "FancyIndexing", .all,
            "The FancyIndexing directive is no longer supported. Use IndexOptions FancyIndexing.",
            .rawArgs { (context, _) throws(DirectiveError) in
                throw DirectiveError(
                    "The FancyIndexing directive is no longer supported. Use IndexOptions FancyIndexing.")
            }),
        word("DefaultIcon", "an icon URL", \.defaultIcon),
        word("IndexStyleSheet", "URL to style sheet", \.styleSheet),
        word("IndexHeadInsert", "String to insert in HTML HEAD section", \.headInsert),
    ]

    private static func word(
        _ name: StaticString, _ usage: StaticString,
        _ field: any WritableKeyPath<AutoindexDirectory, ByteString?> & Sendable
    ) -> Directive {
        Directive(
            name, .indexes, usage, .take1 { context, value in change(context) { $0[keyPath: field] = value } })
    }
    private static func icons(_ name: StaticString, _ kind: IndexItem.Kind, _ usage: StaticString) -> Directive {
        Directive(
            name, .indexes, usage,
            .iterate2 { (context, icon, word) throws(DirectiveError) in try addIcon(context, kind, icon, word) })
    }
    private static func alts(_ name: StaticString, _ kind: IndexItem.Kind, _ usage: StaticString) -> Directive {
        Directive(
            name, .indexes, usage,
            .iterate2 { context, text, word in
                change(context) { $0.alts.append(IndexItem(kind, word, context.path, text)) }
            })
    }

    static func change(_ context: DirectiveContext, _ body: (inout AutoindexDirectory) -> Void) {
        body(&context[directory])
        // Apache lays a section over an empty configuration at least; only the main server's own is used as written.
        if context.path != nil || context.server.isVirtual { context[directory].needsMerge = true }
    }

    /// `AddIcon (TXT,/icons/text.gif) .txt` names the alternate text too.
    private static func addIcon(
        _ context: DirectiveContext, _ kind: IndexItem.Kind, _ icon: ByteString, _ word: ByteString
    ) throws(DirectiveError) {
        var url = icon
        if icon.first == UInt8(ascii: "(") {
            guard let close = icon.firstIndex(of: UInt8(ascii: ")")) else {
                throw DirectiveError("missing closing paren")
            }
            let comma = icon.firstIndex(of: UInt8(ascii: ",")) ?? icon.count
            let alt = icon[1..<max(comma, 1)]
            change(context) { $0.alts.append(IndexItem(kind, word, context.path, alt)) }
            var start = comma
            while start < icon.count, icon[start] == UInt8(ascii: ",") { start += 1 }
            url = close > start ? icon[start..<close] : close < start ? icon.from(start) : ""
        }
        change(context) { $0.icons.append(IndexItem(kind, word, context.path, url)) }
    }

    @Sendable private static func orderDefault(
        _ context: DirectiveContext, _ direction: ByteString, _ key: ByteString
    ) throws(DirectiveError) {
        let ascending = direction.equalsIgnoringCase("Ascending")
        guard ascending || direction.equalsIgnoringCase("Descending") else {
            throw DirectiveError("First keyword must be 'Ascending' or 'Descending'")
        }
        let sort: IndexSortKey
        if key.equalsIgnoringCase("Name") {
            sort = .name
        } else if key.equalsIgnoringCase("Date") {
            sort = .lastModified
        } else if key.equalsIgnoringCase("Size") {
            sort = .size
        } else if key.equalsIgnoringCase("Description") {
            sort = .description
        } else {
            throw DirectiveError("Second keyword must be 'Name', 'Date', 'Size', or 'Description'")
        }
        change(context) {
            $0.isAscending = ascending
            $0.sortKey = sort
        }
    }

    @Sendable private static func handle(_ request: Request) async -> Outcome {
        guard request.handler == "httpd/unix-directory",
            request.finfo?.kind == .directory
        else { return .declined }
        request.allowed |= Method.get.bit
        guard request.methodNumber.isGet else { return .declined }
        guard request[Core.directory].effectiveOptions.contains(.indexes) else {
            let names = request.notes["dir-index-names"] ?? "none"
            request.log(
                .error, "autoindex",
                "AH01276: Cannot serve directory \(request.filename ?? ""): No matching DirectoryIndex (\(names)) found, and server-generated directory index forbidden by Options directive"
            )
            return .status(403)
        }
        if let refusal = await request.discardBody() { return .status(refusal) }
        if let name = request.filename, name.last != UInt8(ascii: "/") { request.filename = name + "/" }
        var page = IndexPage(request)
        return await page.make()
    }
}
