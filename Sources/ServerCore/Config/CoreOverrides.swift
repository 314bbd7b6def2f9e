// Apache: server/core.c core_cmds: what .htaccess may say; set_override, set_override_list, set_options

import Bytes
import ConfigLanguage
import Expressions
import HTTP

/// What a directory and its `.htaccess` files may do.
enum CoreOverrides {
    static let rows: [Directive] = [
        Directive(
            "AllowOverride", .directory,
            "Controls what groups of directives can be configured by per-directory config files",
            .rawArgs(allowOverride)),
        Directive(
            "AllowOverrideList", .directory,
            "Controls what individual directives can be configured by per-directory config files",
            .takeArgv(allowOverrideList)),
        Directive("Options", .options, "Set a number of attributes for a given directory", .rawArgs(options)),
    ]

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
}
