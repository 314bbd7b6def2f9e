// Apache: server/core.c core_cmds: the content of answers; set_etag_bits, set_sethandler

import Bytes
import ConfigLanguage
import Expressions
import HTTP

/// Types, handlers, filters, tags and ranges: how a file is answered.
enum CoreContent {
    static let rows: [Directive] = [
        Directive(
            "AddDefaultCharset", .fileInfo,
            "The name of the default charset to add to any Content-Type without one or 'Off' to disable",
            .take1 { context, word in
                context[Core.directory].defaultCharset = .set(
                    word.equalsIgnoringCase("off") ? nil : word.equalsIgnoringCase("on") ? "iso-8859-1" : word)
            }),
        Directive(
            "AcceptPathInfo", .fileInfo,
            "Set to on or off for PATH_INFO to be accepted by handlers, or default for the per-handler preference",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].acceptPathInfo = .set(
                    try CoreDirectives.choice(
                        word, ["on": .on, "off": .off, "default": .default],
                        "AcceptPathInfo must be set to on, off or default"))
            }),
        Directive(
            "DefaultType", .fileInfo, "the default media type for otherwise untyped files (DEPRECATED)",
            .take1 { context, word in
                if !word.equalsIgnoringCase("none") {
                    context.warn(
                        "AH00117: Ignoring deprecated use of DefaultType in line \(context.location.line) of \(context.location.file)."
                    )
                }
            }),
        Directive("FileETag", .fileInfo, "Specify components used to construct a file's ETag", .rawArgs(fileETag)),
        Directive(
            "EnableMMAP", .fileInfo, "Controls whether memory-mapping may be used to read files",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].enableMMAP = .set(
                    try CoreDirectives.choice(word, ["on": true, "off": false], "parameter must be 'on' or 'off'"))
            }),
        Directive(
            "EnableSendfile", .fileInfo, "Controls whether sendfile may be used to transmit files",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].enableSendfile = .set(
                    try CoreDirectives.choice(word, ["on": true, "off": false], "parameter must be 'on' or 'off'"))
            }),
        Directive(
            "ContentDigest", .options, "whether or not to send a Content-MD5 header with each request",
            .flag { context, on in context[Core.directory].contentDigest = .set(on) }),
        Directive(
            "MaxRanges", [.server, .directory],
            "Maximum number of Ranges in a request before returning the entire resource, or 0 for unlimited",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].maxRanges = .set(
                    try rangeLimit(word, 200, "MaxRanges requires 'none', 'default', 'unlimited' or a positive integer")
                )
            }),
        Directive(
            "MaxRangeOverlaps", [.server, .directory],
            "Maximum number of overlaps in Ranges in a request before returning the entire resource, or 0 for unlimited",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].maxRangeOverlaps = .set(
                    try rangeLimit(
                        word, 20, "MaxRangeOverlaps requires 'none', 'default', 'unlimited' or a positive integer"))
            }),
        Directive(
            "MaxRangeReversals", [.server, .directory],
            "Maximum number of reversals in Ranges in a request before returning the entire resource, or 0 for unlimited",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].maxRangeReversals = .set(
                    try rangeLimit(
                        word, 20, "MaxRangeReversals requires 'none', 'default', 'unlimited' or a positive integer"))
            }),
        Directive(
            "ForceType", .fileInfo, "a mime type that overrides other configured type",
            .take1 { context, word in
                context[Core.directory].forcedType = .set(word.equalsIgnoringCase("none") ? nil : word.lowercased)
            }),
        Directive(
            "SetHandler", .fileInfo, "a handler name that overrides any other configured handler",
            .take1(setHandler)),
        Directive(
            "SetOutputFilter", .fileInfo, "filter (or ; delimited list of filters) to be run on the request content",
            .take1 { context, word in context[Core.directory].outputFilters = filterNames(word) }),
        Directive(
            "SetInputFilter", .fileInfo, "filter (or ; delimited list of filters) to be run on the request body",
            .take1 { context, word in context[Core.directory].inputFilters = filterNames(word) }),
    ]

    private static func filterNames(_ word: ByteString) -> [ByteString] {
        word.split(on: UInt8(ascii: ";")).map { $0.trimmed() }.filter { !$0.isEmpty }
    }

    /// `none`, `default`, `unlimited` or a number; -1 is none, 0 unlimited.
    private static func rangeLimit(_ word: ByteString, _ standard: Int, _ message: String) throws(DirectiveError) -> Int
    {
        if word.equalsIgnoringCase("none") { return -1 }
        if word.equalsIgnoringCase("default") { return standard }
        if word.equalsIgnoringCase("unlimited") { return 0 }
        guard let number = word.decimal, number >= 0 else { throw DirectiveError(message) }
        return number
    }

    @Sendable static func fileETag(_ context: DirectiveContext, _ text: ByteString) throws(DirectiveError) {
        var core = context[Core.directory]
        var isFirstAbsolute = true
        for argument in text.argumentWords {
            let sign = argument.first.flatMap { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") ? $0 : nil }
            let word = sign == nil ? argument : argument.from(1)
            // An absolute component forgets the relative ones before it, and the first what was inherited.
            if sign == nil, isFirstAbsolute {
                core.etagBits = []
                core.etagAdd = []
                core.etagRemove = []
                isFirstAbsolute = false
            }
            let bit = try etagBit(word, isRelative: sign != nil)
            switch sign {
            case UInt8(ascii: "+"):
                core.etagAdd.formUnion(bit)
                core.etagRemove.subtract(bit)
            case UInt8(ascii: "-"):
                core.etagRemove.formUnion(bit)
                core.etagAdd.subtract(bit)
            default:
                if word.equalsIgnoringCase("none") || word.equalsIgnoringCase("all") { core.etagBits = [] }
                core.etagBits.formUnion(bit)
                core.etagAdd = []
                core.etagRemove = []
            }
        }
        context[Core.directory] = core
    }

    private static func etagBit(
        _ word: ByteString, isRelative: Bool
    ) throws(DirectiveError) -> CoreDirectory.ETagBits {
        switch word.lowercased {
        case "none", "all":
            guard !isRelative else {
                throw DirectiveError("FileETag keyword '\(word)' cannot be used with '+' or '-'")
            }
            return word.equalsIgnoringCase("none") ? .none : [.mtime, .inode, .size]
        case "mtime", "lmtime", "lastmodified": return .mtime
        case "inode": return .inode
        case "size": return .size
        case "digest": return .digest
        default: throw DirectiveError("Unknown keyword '\(word)' for FileETag directive")
        }
    }

    @Sendable static func setHandler(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        var core = context[Core.directory]
        if word.firstRange(of: "%{") != nil {
            core.handlerExpression = .set(try context.parseString(word))
            core.handler = .inherited
        } else {
            core.handlerExpression = .set(nil)
            core.handler = .set(word.equalsIgnoringCase("none") ? nil : word)
        }
        context[Core.directory] = core
    }
}
