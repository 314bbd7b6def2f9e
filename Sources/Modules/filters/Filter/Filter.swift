// Apache: modules/filters/mod_filter.c

import Bytes
import Expressions
import ServerCore

/// mod_filter: output filters that are chosen for each answer, by its type or by an expression.
public enum Filter {
    /// One scope's declarations (mod_filter_cfg).
    public struct DirectoryConfig: MergeableConfig {
        /// Smart filters by name.
        var live: [ByteString: Smart] = [:]
        /// Names in running order; nil empties what came before, in this scope or in an outer one.
        var chain: [ByteString?] = []

        public init() {}
        public static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig {
            var result = DirectoryConfig()
            result.live = base.live.merging(child.live) { $1 }
            if base.chain.isEmpty || child.chain.isEmpty {
                result.chain = child.chain.isEmpty ? base.chain : child.chain
                return result
            }
            for name in base.chain + child.chain {
                if name == nil { result.chain.removeAll() }
                result.chain.append(name)
            }
            return result
        }
    }
    /// A smart filter: the first of its providers whose condition holds does the work (ap_filter_rec_t).
    struct Smart: Sendable {
        var stage = OutputFilter.Stage.resource
        /// The one declared last is asked first.
        var providers: [Provider] = []
        var flags: ProtocolFlags = []
        var debug = 0
    }
    struct Provider: Sendable {
        var filter: ByteString
        var condition: Condition
        var flags: ProtocolFlags = []
    }
    enum Condition: Sendable {
        case types([ByteString])
        case expression(Expression)
    }
    /// `FilterProtocol`: what the filter does to the answer's fields (AP_FILTER_PROTO_*).
    struct ProtocolFlags: OptionSet, Sendable {
        let rawValue: UInt8
        static let change = ProtocolFlags(rawValue: 1)
        static let changeLength = ProtocolFlags(rawValue: 2)
        static let noByteRange = ProtocolFlags(rawValue: 4)
        static let noProxy = ProtocolFlags(rawValue: 8)
        static let noCache = ProtocolFlags(rawValue: 16)
        static let transform = ProtocolFlags(rawValue: 32)
    }
    static let directory = ConfigKey<DirectoryConfig>()
    static let server = ConfigKey<ServerConfig>()
    /// Of the main server only.
    struct ServerConfig: MergeableConfig {
        var providerFlags: [ByteString: ProtocolFlags] = [:]
        static func merged(_ base: Self, _ child: Self) -> Self { base }
    }

    public static let module = ModuleDefinition(
        "filter", .filters,
        directives: [
            Directive("FilterDeclare", .options, "filter-name [filter-type]", .take12(declare)),
            Directive("FilterProvider", .options, "filter-name provider-name match-expression", .take3(provide)),
            Directive(
                "FilterChain", .options, "list of filter names with optional [+-=!@]",
                .iterate { context, word in chain(word, &context[directory]) }),
            Directive("FilterTrace", [.server, .directory], "filter-name debug-level", .take2(trace)),
            Directive(
                "AddOutputFilterByType", .fileInfo, "output filter name followed by one or more content-types",
                .takeArgv(addByType)),
            Directive("FilterProtocol", .options, "filter-name [provider-name] protocol-args", .take23(setProtocol)),
        ]
    ) { hooks in hooks.onInsertFilter(insertSmartFilters) }

    // MARK: Directives

    @Sendable private static func declare(_ context: DirectiveContext, _ name: ByteString, _ place: ByteString?)
        throws(DirectiveError)
    {
        var smart = Smart()
        switch place?.lowercased ?? "" {
        case "content_set": smart.stage = .contentSet
        case "protocol", "connection", "network": smart.stage = .protocol
        default: break
        }
        context[directory].live[name] = smart
    }

    @Sendable private static func provide(
        _ context: DirectiveContext, _ name: ByteString, _ provider: ByteString, _ text: ByteString
    ) throws(DirectiveError) {
        let stage = try stage(of: provider, context)
        let condition: Expression
        do throws(DirectiveError) {
            condition = try context.parseCondition(text)
        } catch {
            throw DirectiveError("Error parsing FilterProvider expression:\(error.message)")
        }
        add(Provider(filter: provider, condition: .expression(condition)), to: name, stage, &context[directory])
    }

    private static func stage(of provider: ByteString, _ context: DirectiveContext) throws(DirectiveError)
        -> OutputFilter.Stage
    {
        guard let filter = context.configuration.outputFilter(named: provider) else {
            throw DirectiveError("Unknown filter provider \(provider)")
        }
        return filter.stage
    }

    static func add(
        _ provider: Provider, to name: ByteString, _ stage: OutputFilter.Stage, _ config: inout DirectoryConfig
    ) {
        var smart = config.live[name] ?? Smart(stage: stage)
        smart.providers.insert(provider, at: 0)
        config.live[name] = smart
    }

    /// FilterChain's one word.
    static func chain(_ word: ByteString, _ config: inout DirectoryConfig) {
        let name = word.from(1)
        switch word.first {
        case UInt8(ascii: "+"): config.chain.append(name)
        case UInt8(ascii: "@"): config.chain.insert(name, at: 0)
        case UInt8(ascii: "-"): config.chain.removeAll { $0?.equalsIgnoringCase(name) ?? false }
        case UInt8(ascii: "!"): config.chain = [nil]
        case UInt8(ascii: "="): config.chain = [nil, name]
        default: config.chain.append(word)
        }
    }

    @Sendable private static func addByType(_ context: DirectiveContext, _ words: [ByteString]) throws(DirectiveError) {
        guard words.count >= 2 else {
            throw DirectiveError("AddOutputFilterByType requires at least two arguments")
        }
        for provider in words[0].split(on: UInt8(ascii: ";")) where !provider.isEmpty {
            let name: ByteString = "BYTYPE:\(provider)"
            let known = context[directory].live[name] != nil
            let stage = try stage(of: provider, context)
            add(
                Provider(filter: provider, condition: .types(Array(words.dropFirst()))), to: name, stage,
                &context[directory])
            // Named again, it has its place already.
            if !known { chain(name, &context[directory]) }
        }
    }

    @Sendable private static func trace(_ context: DirectiveContext, _ name: ByteString, _ level: ByteString)
        throws(DirectiveError)
    {
        guard context[directory].live[name] != nil else { throw DirectiveError("Undeclared smart filter \(name)") }
        context[directory].live[name]?.debug = level.leadingInteger
    }

    @Sendable private static func setProtocol(
        _ context: DirectiveContext, _ name: ByteString, _ second: ByteString, _ third: ByteString?
    ) throws(DirectiveError) {
        guard var smart = context[directory].live[name] else {
            throw DirectiveError("FilterProtocol: No such filter")
        }
        // Of three words the one in the middle may be missing.
        let flags = protocolFlags(third ?? second)
        if third != nil {
            guard let index = smart.providers.firstIndex(where: { $0.filter.equalsIgnoringCase(second) }) else {
                throw DirectiveError("FilterProtocol: No such provider for this filter")
            }
            smart.providers[index].flags = flags
            // Apache keeps the flags in the one record of the provider: outside .htaccess they hold wherever it is used.
            if !context.isHtaccess {
                context.configuration.mainServer[server].providerFlags[second.lowercased] = flags
            }
        } else {
            smart.flags = flags
        }
        context[directory].live[name] = smart
    }

    static func protocolFlags(_ text: ByteString) -> ProtocolFlags {
        var flags: ProtocolFlags = []
        let separators: [UInt8] = Array(";, \t".utf8)
        for word in text.bytes.split(whereSeparator: { separators.contains($0) }) {
            switch ByteString(Array(word)).lowercased {
            case "change=yes": flags.formUnion([.change, .changeLength])
            case "change=no": flags.subtract([.change, .changeLength])
            case "change=1:1": flags.insert(.change)
            case "byteranges=no": flags.insert(.noByteRange)
            case "proxy=no": flags.insert(.noProxy)
            case "proxy=transform": flags.insert(.transform)
            case "cache=no": flags.insert(.noCache)
            default: break
            }
        }
        return flags
    }
}
