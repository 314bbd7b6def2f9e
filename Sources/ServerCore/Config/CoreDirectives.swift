// Apache: server/core.c core_cmds (per-directory settings)

import Bytes
import ConfigLanguage
import Expressions
import HTTP
import Kernel

extension Core {
    /// `core` is always there; http_core belongs to it here.
    public static let module = ModuleDefinition(
        "core", .core, isStatic: true,
        directives: CoreSections.rows + CoreDirectives.rows + CoreChildLimits.rows + CoreServerDirectives.rows
            + CoreProcessDirectives.rows
            + CoreDirectives.readTimeRows
    ) { hooks in CoreHandler.register(&hooks) }
    public static let http = ModuleDefinition(
        "http_core", .http, isStatic: true, directives: CoreServerDirectives.httpRows)
}

/// Core's settings for directories.
enum CoreDirectives {
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
                    try choice(
                        word, ["on": .on, "off": .off, "default": .default],
                        "AcceptPathInfo must be set to on, off or default"))
            }),
        Directive(
            "AllowOverride", .directory,
            "Controls what groups of directives can be configured by per-directory config files",
            .rawArgs(allowOverride)),
        Directive(
            "AllowOverrideList", .directory,
            "Controls what individual directives can be configured by per-directory config files",
            .takeArgv(allowOverrideList)),
        Directive("Options", .options, "Set a number of attributes for a given directory", .rawArgs(options)),
        Directive(
            "DefaultType", .fileInfo, "the default media type for otherwise untyped files (DEPRECATED)",
            .take1 { context, word in
                if !word.equalsIgnoringCase("none") {
                    context.warn(
                        "AH00117: Ignoring deprecated use of DefaultType in line \(context.location.line) of \(context.location.file)."
                    )
                }
            }),
        Directive("ErrorDocument", .fileInfo, "Change responses for HTTP errors", .take2(errorDocument)),
        Directive("FileETag", .fileInfo, "Specify components used to construct a file's ETag", .rawArgs(fileETag)),
        Directive(
            "EnableMMAP", .fileInfo, "Controls whether memory-mapping may be used to read files",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].enableMMAP = .set(
                    try choice(word, ["on": true, "off": false], "parameter must be 'on' or 'off'"))
            }),
        Directive(
            "EnableSendfile", .fileInfo, "Controls whether sendfile may be used to transmit files",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].enableSendfile = .set(
                    try choice(word, ["on": true, "off": false], "parameter must be 'on' or 'off'"))
            }),
        Directive(
            "ServerSignature", .all, "En-/disable server signature (on|off|email)",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].serverSignature = .set(
                    try choice(
                        word, ["on": .on, "off": .off, "email": .email],
                        "ServerSignature: use one of: off | on | email"))
            }),
        Directive(
            "ContentDigest", .options, "whether or not to send a Content-MD5 header with each request",
            .flag { context, on in context[Core.directory].contentDigest = .set(on) }),
        Directive(
            "UseCanonicalName", [.server, .directory], "How to work out the ServerName : Port when constructing URLs",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].useCanonicalName = .set(
                    try choice(word, ["on": .on, "off": .off, "dns": .dns], "parameter must be 'on', 'off', or 'dns'"))
            }),
        Directive(
            "UseCanonicalPhysicalPort", [.server, .directory],
            "Whether to use the physical Port when constructing URLs",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].useCanonicalPhysicalPort = .set(
                    try choice(word, ["on": true, "off": false], "parameter must be 'on' or 'off'"))
            }),
        Directive(
            "HostnameLookups", [.server, .directory],
            "\"on\" to enable, \"off\" to disable reverse DNS lookups, or \"double\" to enable double-reverse DNS lookups",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].hostnameLookups = .set(
                    try choice(
                        word, ["on": .on, "off": .off, "double": .double],
                        "parameter must be 'on', 'off', or 'double'"))
            }),
        Directive("LogLevel", [.server, .directory], "Level of verbosity in error logging", .iterate(logLevel)),
        Directive(
            "LimitRequestBody", .all, "Limit (in bytes) on maximum size of request message body",
            .take1 { context, word throws(DirectiveError) in
                guard let number = word.decimal, number >= 0 else {
                    throw DirectiveError("LimitRequestBody requires a non-negative integer.")
                }
                context[Core.directory].limitRequestBody = .set(Int64(number))
            }),
        Directive(
            "LimitXMLRequestBody", .all, "Limit (in bytes) on maximum size of an XML-based request body",
            .take1 { context, word throws(DirectiveError) in
                guard let number = word.decimal, number >= 0 else {
                    throw DirectiveError("LimitXMLRequestBody requires a non-negative integer.")
                }
                context[Core.directory].limitXMLRequestBody = .set(Int64(number))
            }),
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
            "CGIPassAuth", .authConfig,
            "Controls whether HTTP authorization headers, normally hidden, will be passed to scripts",
            .flag { context, on in context[Core.directory].cgiPassAuth = .set(on) }),
        Directive(
            "CGIVar", .fileInfo, "Controls how some CGI variables are set",
            .take2 { context, name, value throws(DirectiveError) in
                guard name == "REQUEST_URI" else { throw DirectiveError("Unrecognized CGI variable: \"\(name)\"") }
                guard value == "original-uri" || value == "current-uri" else {
                    throw DirectiveError("Valid rules for REQUEST_URI are 'current-uri' and 'original-uri'")
                }
                context[Core.directory].cgiVariables[name] = value
            }),
        Directive(
            "QualifyRedirectURL", .fileInfo,
            "Controls whether the REDIRECT_URL environment variable is fully qualified",
            .flag { context, on in context[Core.directory].qualifyRedirectURL = .set(on) }),
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
        Directive(
            "AllowEncodedSlashes", .server, "Allow URLs containing '/' encoded as '%2F'",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].allowEncodedSlashes = .set(
                    try choice(
                        word, ["on": .on, "off": .off, "nodecode": .noDecode],
                        "AllowEncodedSlashes must be On, Off, or NoDecode"))
            }),
        Directive(
            "Error", .all, "Generate error message from within configuration",
            .rawArgs { _, text throws(DirectiveError) in throw DirectiveError(errorDirectiveMessage(text)) }),
    ]

    /// What ConfigLanguage executes while it reads; listed so that `-L` and `<IfDirective>` know them.
    static let readTimeRows: [Directive] = {
        let nothing = Directive.Arity.rawArgs { _, _ in }
        return [
            Directive(
                "<IfModule", [.all, .onRead], "Container for directives based on existence of specified modules",
                nothing),
            Directive(
                "<IfDefine", [.all, .onRead], "Container for directives based on existence of command line defines",
                nothing),
            Directive(
                "<IfFile", [.all, .onRead], "Container for directives based on existence of files on disk", nothing),
            Directive(
                "<IfDirective", [.all, .onRead], "Container for directives based on existence of named directive",
                nothing),
            Directive(
                "<IfSection", [.all, .onRead], "Container for directives based on existence of named section", nothing),
            Directive(
                "Define", [.server, .directory, .onRead],
                "Define a variable, optionally to a value.  Same as passing -D to the command line.", nothing),
            Directive(
                "UnDefine", [.server, .directory, .onRead],
                "Undefine the existence of a variable. Undo a Define.", nothing),
            Directive(
                "ServerRoot", [.server, .onRead], "Common directory of server-related files (logs, confs, etc.)",
                nothing),
            Directive(
                "DefaultRuntimeDir", [.server, .onRead],
                "Common directory for run-time files (shared memory, locks, etc.)", nothing),
            Directive(
                "Include", [.server, .directory, .onRead],
                "Name(s) of the config file(s) to be included; fails if the wildcard does not match at least one file",
                nothing),
            Directive(
                "IncludeOptional", [.server, .directory, .onRead],
                "Name or pattern of the config file(s) to be included; ignored if the file does not exist or the pattern does not match any files",
                nothing),
        ]
    }()

    // MARK: Setters

    /// One of several words, case ignored.
    static func choice<Value>(
        _ word: ByteString, _ values: [ByteString: Value], _ message: String
    ) throws(DirectiveError) -> Value {
        guard let value = values[word.lowercased] else { throw DirectiveError(message) }
        return value
    }
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

    @Sendable static func allowOverride(_ context: DirectiveContext, _ text: ByteString) throws(DirectiveError) {
        if ["location", "locationmatch", "files", "filesmatch"].contains(where: context.enclosing.contains) {
            context.warn(
                "AH00114: Useless use of AllowOverride in line \(context.location.line) of \(context.location.file).")
        }
        var allowed: Allowed = []
        var core = context[Core.directory]
        core.nonFatalOverride = []
        for word in text.argumentWords {
            let parts = word.split(on: UInt8(ascii: "="))
            let value: ByteString? = parts.count > 1 ? word.from(parts[0].count + 1) : nil
            switch parts[0].lowercased {
            case "limit": allowed.insert(.limit)
            case "options":
                allowed.insert(.options)
                if let value {
                    core.overrideOptions = try overrideOptions(value)
                } else {
                    core.overrideOptions = allOptions
                }
            case "fileinfo": allowed.insert(.fileInfo)
            case "authconfig": allowed.insert(.authConfig)
            case "indexes": allowed.insert(.indexes)
            case "nonfatal":
                guard let value else {
                    throw DirectiveError("=Override, =Unknown or =All expected after \(parts[0])")
                }
                switch value.lowercased {
                case "override": core.nonFatalOverride.insert(.override)
                case "unknown": core.nonFatalOverride.insert(.unknown)
                case "all": core.nonFatalOverride = [.override, .unknown]
                default: break
                }
            case "none": allowed = []
            case "all": allowed = .all
            default: throw DirectiveError("Illegal override option \(word)")
            }
        }
        core.override = .set(allowed)
        context[Core.directory] = core
    }
    private static let allOptions = Options.all.union([.symLinksIfOwnerMatch, .multiViews])

    @Sendable static func allowOverrideList(_ context: DirectiveContext, _ words: [ByteString]) throws(DirectiveError) {
        if context.isHtaccess { throw DirectiveError("AllowOverrideList not allowed in .htaccess files") }
        var list: Set<ByteString> = []
        if words.count == 1, words[0].equalsIgnoringCase("none") {
            context[Core.directory].overrideList = .set([])
            return
        }
        for word in words {
            guard let (_, row) = context.configuration.directives[word.lowercased] else {
                context.warn(
                    "AH00116: Discarding unrecognized directive `\(word)' in AllowOverrideList at \(context.location.file):\(context.location.line)"
                )
                continue
            }
            if row.allowed.isDisjoint(with: Allowed.all.union(.directory)) {
                context.warn(
                    "AH02304: Discarding directive `\(word)' not allowed in AllowOverrideList at \(context.location.file):\(context.location.line)"
                )
                continue
            }
            list.insert(word.lowercased)
        }
        context[Core.directory].overrideList = .set(list)
    }

    private static func option(_ word: ByteString) -> Options? {
        switch word.lowercased {
        case "indexes": .indexes
        case "includes": [.includes, .includesExec]
        case "includesnoexec": .includes
        case "followsymlinks": .followSymLinks
        case "symlinksifownermatch": .symLinksIfOwnerMatch
        case "execcgi": .execCGI
        case "multiviews": .multiViews
        case "runscripts": [.multiViews, .execCGI]
        case "none": []
        case "all": .all
        default: nil
        }
    }
    /// `AllowOverride Options=Indexes,ExecCGI` (set_allow_opts).
    private static func overrideOptions(_ list: ByteString) throws(DirectiveError) -> Options {
        var result: Options = []
        for word in list.split(on: UInt8(ascii: ",")) where !word.isEmpty {
            guard let one = option(word) else { throw DirectiveError("Illegal option \(word)") }
            result.formUnion(one)
        }
        return result
    }

    @Sendable static func options(_ context: DirectiveContext, _ text: ByteString) throws(DirectiveError) {
        var core = context[Core.directory]
        var (first, merging, allOrNone) = (true, false, false)
        var value = core.options.value ?? []
        for argument in text.argumentWords {
            var word = argument
            var sign: UInt8 = 0
            if let mark = word.first, mark == UInt8(ascii: "+") || mark == UInt8(ascii: "-") {
                sign = mark
                word = word.from(1)
                if !merging, !first, !allOrNone {
                    throw DirectiveError("Either all Options must start with + or -, or no Option may.")
                }
                merging = true
            } else if first {
                value = []
                core.options = .set([])
            } else if merging {
                throw DirectiveError("Either all Options must start with + or -, or no Option may.")
            }
            guard let one = option(word) else { throw DirectiveError("Illegal option \(word)") }
            if word.equalsIgnoringCase("none") || word.equalsIgnoringCase("all") {
                let name = word.equalsIgnoringCase("none") ? "None" : "All"
                if !first {
                    throw DirectiveError(
                        name == "None"
                            ? "'Options None' must be the first Option given."
                            : "'Options All' must be the first option given.")
                }
                if merging { throw DirectiveError("You may not use 'Options +\(name)' or 'Options -\(name)'.") }
                allOrNone = true
            }
            if !one.isSubset(of: context.overrideOptions) { throw DirectiveError("Option \(word) not allowed here") }
            switch sign {
            case UInt8(ascii: "-"):
                core.optionsRemove.formUnion(one)
                core.optionsAdd.subtract(one)
                value.subtract(one)
            case UInt8(ascii: "+"):
                core.optionsAdd.formUnion(one)
                core.optionsRemove.subtract(one)
                value.formUnion(one)
            default: value.formUnion(one)
            }
            first = false
        }
        if case .set = core.options { core.options = .set(value) }
        context[Core.directory] = core
    }

    @Sendable static func errorDocument(
        _ context: DirectiveContext, _ code: ByteString, _ message: ByteString
    ) throws(DirectiveError) {
        guard let number = ByteString(code.bytes.prefix(while: ASCII.isDigit)).decimal, Status(number).knownLine != nil
        else {
            throw DirectiveError("Unsupported HTTP response code \(code)")
        }
        if message.equalsIgnoringCase("default") {
            context[Core.directory].errorDocuments[number] = .standard
            return
        }
        let isLocal = !message.contains(UInt8(ascii: " ")) && message.first == UInt8(ascii: "/")
        let isRemote = !message.contains(UInt8(ascii: " ")) && isURL(message)
        if number == 401, isRemote {
            context.warn(
                "AH00113: \(context.location.file):\(context.location.line) cannot use a full URL in a 401 ErrorDocument directive --- ignoring!",
                .notice)
            return
        }
        let expression: Expression
        do throws(DirectiveError) { expression = try context.parseString(message) } catch {
            throw DirectiveError("Cannot parse expression in ErrorDocument: \(error.message)")
        }
        context[Core.directory].errorDocuments[number] = isLocal || isRemote ? .url(expression) : .text(expression)
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

    @Sendable static func logLevel(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        var levels = context.path == nil ? context.server.logLevels : context[Core.directory].logLevels ?? LogLevels()
        let parts = word.split(on: UInt8(ascii: ":"))
        let sentence =
            "Log level keyword must be one of emerg/alert/crit/error/warn/notice/info/debug/trace1/.../trace8"
        if parts.count > 1, parts[parts.count - 1].isEmpty {
            throw DirectiveError("Module specifier '\(parts[0])' must be followed by a log level keyword")
        }
        guard let level = LogLevel(parts[parts.count - 1]) else {
            throw DirectiveError(parts.count > 1 ? "\(word): \(sentence)" : sentence)
        }
        if parts.count == 1 {
            levels.overall = level
            levels.modules = [:]
        } else {
            let name = parts[0]
            guard let module = context.configuration.module(answeringTo: name),
                context.configuration.loaded.contains(module.name)
            else {
                throw DirectiveError("Cannot find module \(name)")
            }
            levels.modules[module.name] = level
        }
        if context.path == nil {
            context.server.logLevels = levels
        } else {
            context[Core.directory].logLevels = levels
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

/// Whether a string begins like an absolute URL (ap_is_url).
func isURL(_ text: ByteString) -> Bool {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
    guard
        text.bytes[..<colon].allSatisfy({
            ASCII.isAlnum($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        })
    else { return false }
    return text.from(colon).hasPrefix("://") && text.count > colon + 3
}

extension Configuration {
    /// A module of this program by `x`, `mod_x.c` or `x_module`, in use or not.
    func module(answeringTo name: ByteString) -> ModuleDefinition? {
        available.first {
            name == ByteString($0.name) || name == ByteString($0.sourceName) || name == ByteString($0.symbol)
                || name == ByteString("mod_\($0.name)")
        }
    }
}
