// Apache: server/request.c and server/config.c (APR_HOOK_STRUCT), include/ap_hooks.h

import Bytes

/// What a phase function says of a request: Apache's OK, DECLINED, DONE, SUSPENDED or an HTTP status.
public enum Outcome: Sendable, Equatable {
    case declined
    case ok
    case done
    case status(Int)
    /// The function needs something that blocks. It put the work into `Request.blockingWork`; once it ran on the
    /// blocking pool the same function is called again with `Request.blockingResult` set.
    case suspended
}

/// Where a function stands among the others of its phase; ties keep the order of `ModuleList`.
public enum HookOrder: Int, Sendable {
    case reallyFirst = -10
    case first = 0
    case middle = 10
    case last = 20
    case reallyLast = 30
}

/// One phase's functions in running order.
public struct HookList<Function>: Sendable where Function: Sendable {
    struct Entry: Sendable {
        let module: String
        let order: HookOrder
        let before: [String]
        let after: [String]
        let function: Function
    }
    var entries: [Entry] = []
    /// Flattened once, after all modules registered.
    public private(set) var functions: [Function] = []
    public private(set) var modules: [String] = []
    /// Each function's place, as Apache's APR_HOOK_FIRST … numbers.
    public private(set) var orders: [Int] = []

    mutating func sort() {
        var sorted = entries.enumerated().sorted {
            ($0.element.order.rawValue, $0.offset) < ($1.element.order.rawValue, $1.offset)
        }.map(\.element)
        // before/after: move an entry only when its neighbour list demands it; bounded, since a cycle cannot settle.
        for _ in 0..<sorted.count {
            guard let (from, to) = Self.firstViolation(sorted) else { break }
            sorted.insert(sorted.remove(at: from), at: to)
        }
        functions = sorted.map(\.function)
        modules = sorted.map(\.module)
        orders = sorted.map(\.order.rawValue)
    }
    private static func firstViolation(_ list: [Entry]) -> (from: Int, to: Int)? {
        for (index, entry) in list.enumerated() {
            if let other = list.firstIndex(where: { entry.before.contains($0.module) }), other < index {
                return (index, other)
            }
            if let other = list.lastIndex(where: { entry.after.contains($0.module) }), other > index {
                return (index, other)
            }
        }
        return nil
    }
}

/// Every point at which a module can take part. Modules register in `ModuleDefinition.register`;
/// `ProcessRequest.swift` is the only place that runs the request phases.
public struct Hooks: Sendable {
    public typealias Phase = @Sendable (Request) -> Outcome
    public typealias Handler = @Sendable (Request) async -> Outcome
    public typealias Notice = @Sendable (Request) -> Void
    public typealias ConfigurationStep = @Sendable (Configuration) throws(DirectiveError) -> Void

    // Run all, stop at the first that is neither ok nor declined.
    public internal(set) var postReadRequest = HookList<Phase>()
    public internal(set) var headerParser = HookList<Phase>()
    public internal(set) var accessChecker = HookList<Phase>()
    public internal(set) var fixups = HookList<Phase>()
    // Run first: the first that does not decline decides.
    public internal(set) var quickHandler = HookList<Phase>()
    /// `.done` leaves the path encoded.
    public internal(set) var preTranslateName = HookList<Phase>()
    public internal(set) var translateName = HookList<Phase>()
    public internal(set) var mapToStorage = HookList<Phase>()
    public internal(set) var accessCheckerEx = HookList<Phase>()
    public internal(set) var checkUserID = HookList<Phase>()
    public internal(set) var authChecker = HookList<Phase>()
    public internal(set) var typeChecker = HookList<Phase>()
    public internal(set) var handlers = HookList<Handler>()
    // Void.
    public internal(set) var insertFilter = HookList<Notice>()
    public internal(set) var insertErrorFilter = HookList<Notice>()
    public internal(set) var logTransaction = HookList<Notice>()
    // Configuration and process life.
    public internal(set) var preConfig = HookList<ConfigurationStep>()
    public internal(set) var checkConfig = HookList<ConfigurationStep>()
    /// Only where the configuration is looked at and not run (`-t`).
    public internal(set) var testConfig = HookList<ConfigurationStep>()
    public internal(set) var postConfig = HookList<ConfigurationStep>()
    public internal(set) var openLogs = HookList<ConfigurationStep>()
    /// In each child, after privileges were dropped, before the first connection.
    public internal(set) var childInit = HookList<ConfigurationStep>()
    /// Named output filters (`SetOutputFilter DEFLATE`).
    public internal(set) var outputFilters: [ByteString: OutputFilter] = [:]
    public internal(set) var inputFilters: [ByteString: InputFilter] = [:]
    /// What connections may speak besides HTTP/1.
    public internal(set) var protocols: [ConnectionProtocol] = []
    /// What lies between the socket and the requests of connections to an address whose first server is this one (TLS).
    public internal(set) var transport: (@Sendable (Server) -> TransportMaker?)?
    /// TLS to other servers; nil where no loaded module does it.
    public internal(set) var outgoingSecurity: (@Sendable (Request, OutgoingSecurityWish) -> OutgoingSecurity?)?
    /// The value of an `SSL_…` variable, and of the others that mod_ssl knows by such names (ssl_var_lookup).
    var tlsVariable: (@Sendable (Request, ByteString) -> ByteString?)?
    var tlsExtensions: (@Sendable (Request, ByteString) -> [ByteString])?
    /// Expression variables and functions of modules, by upper-cased name.
    public internal(set) var variables: [ByteString: @Sendable (Request) -> ByteString?] = [:]

    /// Services by group and name; see ``ProviderGroup``.
    var providers: [String: [ByteString: any Sendable]] = [:]

    var variableNames: [ByteString] { variables.keys.sorted() }
    var module = ""

    mutating func add<F>(
        _ list: WritableKeyPath<Hooks, HookList<F>>, _ function: F, _ order: HookOrder, _ before: [String],
        _ after: [String]
    ) {
        self[keyPath: list].entries.append(
            .init(module: module, order: order, before: before, after: after, function: function))
    }
    mutating func sortAll() {
        postReadRequest.sort(); headerParser.sort(); accessChecker.sort(); fixups.sort()
        quickHandler.sort(); preTranslateName.sort(); translateName.sort(); mapToStorage.sort(); accessCheckerEx.sort()
        checkUserID.sort(); authChecker.sort(); typeChecker.sort(); handlers.sort()
        insertFilter.sort(); insertErrorFilter.sort(); logTransaction.sort()
        preConfig.sort(); checkConfig.sort(); testConfig.sort(); postConfig.sort(); openLogs.sort(); childInit.sort()
    }
}

// The registration verbs: `hooks.fixups(function, order: .last, before: ["mod_proxy.c"])`.
extension Hooks {
    public mutating func onPostReadRequest(
        _ function: @escaping Phase, order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) { add(\.postReadRequest, function, order, before, after) }
    public mutating func onHeaderParser(
        _ function: @escaping Phase, order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) { add(\.headerParser, function, order, before, after) }
    public mutating func onAccessChecker(
        _ function: @escaping Phase, order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) { add(\.accessChecker, function, order, before, after) }
    public mutating func onAccessCheckerEx(
        _ function: @escaping Phase, order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) { add(\.accessCheckerEx, function, order, before, after) }
    public mutating func onCheckUserID(
        _ function: @escaping Phase, order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) { add(\.checkUserID, function, order, before, after) }
    public mutating func onAuthChecker(
        _ function: @escaping Phase, order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) { add(\.authChecker, function, order, before, after) }
    public mutating func onQuickHandler(
        _ function: @escaping Phase, order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) { add(\.quickHandler, function, order, before, after) }
    public mutating func onPreTranslateName(_ function: @escaping Phase, order: HookOrder = .middle) {
        add(\.preTranslateName, function, order, [], [])
    }
    public mutating func onTranslateName(
        _ function: @escaping Phase, order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) { add(\.translateName, function, order, before, after) }
    public mutating func onMapToStorage(
        _ function: @escaping Phase, order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) { add(\.mapToStorage, function, order, before, after) }
    public mutating func onTypeChecker(
        _ function: @escaping Phase, order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) { add(\.typeChecker, function, order, before, after) }
    public mutating func onFixups(
        _ function: @escaping Phase, order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) { add(\.fixups, function, order, before, after) }
    public mutating func onHandler(
        _ function: @escaping Handler, order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) { add(\.handlers, function, order, before, after) }
    public mutating func onInsertFilter(_ function: @escaping Notice, order: HookOrder = .middle) {
        add(\.insertFilter, function, order, [], [])
    }
    public mutating func onInsertErrorFilter(_ function: @escaping Notice, order: HookOrder = .middle) {
        add(\.insertErrorFilter, function, order, [], [])
    }
    public mutating func onLogTransaction(_ function: @escaping Notice, order: HookOrder = .middle) {
        add(\.logTransaction, function, order, [], [])
    }
    public mutating func onPreConfig(_ function: @escaping ConfigurationStep, order: HookOrder = .middle) {
        add(\.preConfig, function, order, [], [])
    }
    public mutating func onCheckConfig(_ function: @escaping ConfigurationStep, order: HookOrder = .middle) {
        add(\.checkConfig, function, order, [], [])
    }
    public mutating func onTestConfig(_ function: @escaping ConfigurationStep, order: HookOrder = .middle) {
        add(\.testConfig, function, order, [], [])
    }
    public mutating func onPostConfig(_ function: @escaping ConfigurationStep, order: HookOrder = .middle) {
        add(\.postConfig, function, order, [], [])
    }
    public mutating func onOpenLogs(_ function: @escaping ConfigurationStep, order: HookOrder = .middle) {
        add(\.openLogs, function, order, [], [])
    }
    public mutating func onChildInit(_ function: @escaping ConfigurationStep, order: HookOrder = .middle) {
        add(\.childInit, function, order, [], [])
    }
    public mutating func addOutputFilter(_ filter: OutputFilter) { outputFilters[filter.name.lowercased] = filter }
    public mutating func addInputFilter(_ filter: InputFilter) { inputFilters[filter.name.lowercased] = filter }
    /// Connections whose address belongs first to a server for which `maker` has an answer get a transport.
    public mutating func setTransport(_ maker: @escaping @Sendable (Server) -> TransportMaker?) { transport = maker }
    /// Says what `SSL_…` variables are; nil is for a connection that has none.
    /// `extensions` has the values of the extensions of the client's certificate that are called so (`PeerExtList`).
    public mutating func setTLSVariables(
        _ lookup: @escaping @Sendable (Request, ByteString) -> ByteString?,
        extensions: @escaping @Sendable (Request, ByteString) -> [ByteString]
    ) {
        tlsVariable = lookup
        tlsExtensions = extensions
    }
    public mutating func addVariable(_ name: ByteString, _ value: @escaping @Sendable (Request) -> ByteString?) {
        variables[name.uppercased] = value
    }
}

extension Hooks {
    /// A phase by Apache's name as its participants in running order; nil for one that does not exist here.
    public func participants(_ phase: String) -> [(module: String, order: Int)]? {
        func list<F>(_ hooks: HookList<F>) -> [(module: String, order: Int)] {
            zip(hooks.modules, hooks.orders).map { ($0, $1) }
        }
        switch phase {
        case "pre_config": return list(preConfig)
        case "check_config": return list(checkConfig)
        case "open_logs": return list(openLogs)
        case "post_config": return list(postConfig)
        case "child_init": return list(childInit)
        case "quick_handler": return list(quickHandler)
        case "post_read_request": return list(postReadRequest)
        case "pre_translate_name": return list(preTranslateName)
        case "translate_name": return list(translateName)
        case "map_to_storage": return list(mapToStorage)
        case "header_parser": return list(headerParser)
        case "access_checker": return list(accessChecker)
        case "access_checker_ex": return list(accessCheckerEx)
        case "check_user_id": return list(checkUserID)
        case "auth_checker": return list(authChecker)
        case "type_checker": return list(typeChecker)
        case "fixups": return list(fixups)
        case "insert_filter": return list(insertFilter)
        case "insert_error_filter": return list(insertErrorFilter)
        case "handler": return list(handlers)
        case "log_transaction": return list(logTransaction)
        default: return nil
        }
    }
    /// For `-D DUMP_HOOKS`: Apache's name of each phase with the modules that take part, in running order.
    public var modulesByPhase: [(phase: String, modules: [String])] {
        [
            ("pre_config", preConfig.modules), ("check_config", checkConfig.modules),
            ("test_config", testConfig.modules), ("open_logs", openLogs.modules), ("post_config", postConfig.modules),
            ("child_init", childInit.modules),
            ("quick_handler", quickHandler.modules), ("post_read_request", postReadRequest.modules),
            ("translate_name", translateName.modules), ("map_to_storage", mapToStorage.modules),
            ("header_parser", headerParser.modules), ("access_checker", accessChecker.modules),
            ("access_checker_ex", accessCheckerEx.modules), ("check_user_id", checkUserID.modules),
            ("auth_checker", authChecker.modules), ("type_checker", typeChecker.modules), ("fixups", fixups.modules),
            ("insert_filter", insertFilter.modules), ("insert_error_filter", insertErrorFilter.modules),
            ("handler", handlers.modules), ("log_transaction", logTransaction.modules),
        ]
    }
}
