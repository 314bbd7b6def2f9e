// Apache: server/config.c, ap_config_hash: which command a name stands for at this moment.
import Bytes

/// A directive that the reader itself carries out: Apache's EXEC_ON_READ directives that shape the text.
enum StructuralDirective: Sendable {
    case ifModule, ifDefine, ifFile, ifDirective, ifSection, ifVersion
    case define, undefine, include, includeOptional, serverRoot, defaultRuntimeDir, loadModule
    case macro, use, undefMacro, macroIgnoreBadNesting, macroIgnoreEmptyArgs

    /// The directive of a lower-case name; those of mod_version and mod_macro only while these are loaded.
    init?(_ name: ByteString, in environment: any ConfigEnvironment) {
        switch name {
        case "<ifmodule": self = .ifModule
        case "<ifdefine": self = .ifDefine
        case "<iffile": self = .ifFile
        case "<ifdirective": self = .ifDirective
        case "<ifsection": self = .ifSection
        case "define": self = .define
        case "undefine": self = .undefine
        case "include": self = .include
        case "includeoptional": self = .includeOptional
        case "serverroot": self = .serverRoot
        case "defaultruntimedir": self = .defaultRuntimeDir
        case "loadmodule": self = .loadModule
        case "<ifversion": self = .ifVersion
        case "<macro": self = .macro
        case "use": self = .use
        case "undefmacro": self = .undefMacro
        case "macroignorebadnesting": self = .macroIgnoreBadNesting
        case "macroignoreemptyargs": self = .macroIgnoreEmptyArgs
        default: return nil
        }
        switch self {
        case .ifVersion: if !environment.isModuleLoaded("mod_version.c") { return nil }
        case .macro, .use, .undefMacro, .macroIgnoreBadNesting, .macroIgnoreEmptyArgs:
            if !environment.isModuleLoaded("mod_macro.c") { return nil }
        default: break
        }
    }

    /// Apache's spelling.
    var name: String {
        switch self {
        case .ifModule: "<IfModule"
        case .ifDefine: "<IfDefine"
        case .ifFile: "<IfFile"
        case .ifDirective: "<IfDirective"
        case .ifSection: "<IfSection"
        case .ifVersion: "<IfVersion"
        case .define: "Define"
        case .undefine: "UnDefine"
        case .include: "Include"
        case .includeOptional: "IncludeOptional"
        case .serverRoot: "ServerRoot"
        case .defaultRuntimeDir: "DefaultRuntimeDir"
        case .loadModule: "LoadModule"
        case .macro: "<Macro"
        case .use: "Use"
        case .undefMacro: "UndefMacro"
        case .macroIgnoreBadNesting: "MacroIgnoreBadNesting"
        case .macroIgnoreEmptyArgs: "MacroIgnoreEmptyArgs"
        }
    }
    /// How it takes its arguments, and the usage line that Apache puts into its error messages.
    var shape: (arity: DirectiveArity, usage: String) {
        switch self {
        case .ifVersion: (.take123, "a comparison operator, a version (and a delimiter)")
        case .define:
            (.take12, "Define a variable, optionally to a value.  Same as passing -D to the command line.")
        case .undefine: (.take1, "Undefine the existence of a variable. Undo a Define.")
        case .include:
            (
                .take1,
                "Name(s) of the config file(s) to be included; fails if the wildcard does not match at least one file"
            )
        case .includeOptional:
            (
                .take1,
                "Name or pattern of the config file(s) to be included; ignored if the file "
                    + "does not exist or the pattern does not match any files"
            )
        case .serverRoot: (.take1, "Common directory of server-related files (logs, confs, etc.)")
        case .defaultRuntimeDir: (.take1, "Common directory for run-time files (shared memory, locks, etc.)")
        case .loadModule:
            (.take2, "a module name and the name of a shared object file to load it from")
        case .undefMacro: (.take1, "Remove a macro definition.")
        default: (.raw, "")
        }
    }
    /// Whether one class of `AllowOverride` is enough to use it in `.htaccess`.
    var isAllowedInHtaccess: Bool {
        switch self {
        case .define, .undefine, .include, .includeOptional, .serverRoot, .defaultRuntimeDir, .loadModule: false
        default: true
        }
    }
}

/// What a name as written stands for; found once, then remembered until a module is loaded.
struct DirectiveNames {
    enum Meaning {
        case structural(StructuralDirective)
        case hostExecuted(KnownDirective)
        /// Goes into the tree under this name.
        case stored(String)
    }
    private var known: [ByteString: Meaning] = [:]

    mutating func forget() { known.removeAll(keepingCapacity: true) }

    mutating func meaning(of written: ByteString, in environment: any ConfigEnvironment) -> Meaning {
        if let meaning = known[written] { return meaning }
        let name = written.lowercased
        let meaning: Meaning
        if let structural = StructuralDirective(name, in: environment) {
            meaning = .structural(structural)
        } else if let directive = environment.directive(named: name) {
            meaning = directive.executesOnRead ? .hostExecuted(directive) : .stored(directive.name)
        } else {
            meaning = .stored(written.string)
        }
        known[written] = meaning
        return meaning
    }
}
