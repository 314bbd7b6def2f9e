// Apache: include/http_core.h (core_dir_config, core_server_config)

import Bytes
import Expressions
import Kernel

/// `Options`: what a directory may do.
public struct Options: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public static let indexes = Options(rawValue: 1)
    public static let includes = Options(rawValue: 2)
    public static let followSymLinks = Options(rawValue: 4)
    /// Includes may also `exec` (OPT_INC_WITH_EXEC).
    public static let includesExec = Options(rawValue: 32)
    public static let execCGI = Options(rawValue: 8)
    public static let symLinksIfOwnerMatch = Options(rawValue: 64)
    public static let multiViews = Options(rawValue: 128)
    public static let all: Options = [.indexes, .includes, .includesExec, .followSymLinks, .execCGI]
}

public enum AcceptPathInfo: Sendable { case `default`, on, off }

/// `UseCanonicalName`.
public enum CanonicalName: Sendable { case off, on, dns }

/// An `ErrorDocument`.
public enum ErrorDocument: Sendable {
    case text(Expression)
    /// A path inside the server, or an address.
    case url(Expression)
    /// `ErrorDocument 404 default`.
    case standard
}

/// Core's per-directory configuration (core_dir_config).
public struct CoreDirectory: MergeableConfig {
    /// The directory this was written for, with the trailing slash; nil outside `<Directory>` and `.htaccess`.
    public var directory: ByteString?
    public var options: Setting<Options> = .inherited
    public var optionsAdd: Options = []
    public var optionsRemove: Options = []
    public var override: Setting<Allowed> = .inherited
    /// Which options `AllowOverride Options=…` lets through.
    public var overrideOptions: Options = .all.union([.symLinksIfOwnerMatch, .multiViews])
    public var overrideList: Setting<Set<ByteString>> = .inherited
    public var nonFatalOverride: NonFatal = []
    public var acceptPathInfo: Setting<AcceptPathInfo> = .inherited
    /// `SetHandler`; `none` is `.set(nil)`.
    public var handler: Setting<ByteString?> = .inherited
    public var handlerExpression: Setting<Expression?> = .inherited
    public var forcedType: Setting<ByteString?> = .inherited
    public var defaultCharset: Setting<ByteString?> = .inherited
    public var errorDocuments: [Int: ErrorDocument] = [:]
    public var limitRequestBody: Setting<Int64> = .inherited
    public var limitXMLRequestBody: Setting<Int64> = .inherited
    public var serverSignature: Setting<ServerSignature> = .inherited
    public var contentDigest: Setting<Bool> = .inherited
    public var useCanonicalName: Setting<CanonicalName> = .inherited
    public var useCanonicalPhysicalPort: Setting<Bool> = .inherited
    public var hostnameLookups: Setting<HostnameLookups> = .inherited
    public var enableMMAP: Setting<Bool> = .inherited
    public var enableSendfile: Setting<Bool> = .inherited
    /// Empty: not said (ETAG_UNSET).
    public var etagBits: ETagBits = []
    public var etagAdd: ETagBits = []
    public var etagRemove: ETagBits = []
    public var allowEncodedSlashes: Setting<EncodedSlashes> = .inherited
    public var maxRanges: Setting<Int> = .inherited
    public var maxRangeOverlaps: Setting<Int> = .inherited
    public var maxRangeReversals: Setting<Int> = .inherited
    public var outputFilters: [ByteString] = []
    public var inputFilters: [ByteString] = []
    public var qualifyRedirectURL: Setting<Bool> = .inherited
    public var cgiPassAuth: Setting<Bool> = .inherited
    public var cgiVariables: [ByteString: ByteString] = [:]
    /// RLimitCPU (seconds), RLimitMEM (bytes of address space), RLimitNPROC.
    var limitCPU: Setting<Process.Limit> = .inherited
    var limitMemory: Setting<Process.Limit> = .inherited
    var limitProcesses: Setting<Process.Limit> = .inherited
    public var logLevels: LogLevels?
    public var filesSections: [PathSection] = []
    public var ifSections: [IfSection] = []

    public struct NonFatal: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let override = NonFatal(rawValue: 1)
        public static let unknown = NonFatal(rawValue: 2)
    }
    public enum ServerSignature: Sendable { case off, on, email }
    public enum HostnameLookups: Sendable { case off, on, double }
    public enum EncodedSlashes: Sendable { case off, on, noDecode }
    public struct ETagBits: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let none = ETagBits(rawValue: 1)
        public static let mtime = ETagBits(rawValue: 2)
        public static let inode = ETagBits(rawValue: 4)
        public static let size = ETagBits(rawValue: 8)
        public static let digest = ETagBits(rawValue: 16)
    }

    public init() {}

    /// What `Options` means here; FollowSymLinks when nobody said anything (OPT_DEFAULT).
    /// `+` and `-` options count even where no merge has laid them over anything yet.
    public var effectiveOptions: Options {
        options.value(default: .followSymLinks).subtracting(optionsRemove).union(optionsAdd)
    }

    /// server/core.c merge_core_dir_configs.
    public static func merged(_ base: CoreDirectory, _ child: CoreDirectory) -> CoreDirectory {
        var result = child
        result.directory = child.directory ?? base.directory
        mergeOptions(base, child, into: &result)
        result.override = child.override.or(base.override)
        if case .inherited = child.override {
            result.overrideOptions = base.overrideOptions
            result.nonFatalOverride = base.nonFatalOverride
        }
        result.overrideList = child.overrideList.or(base.overrideList)
        result.acceptPathInfo = child.acceptPathInfo.or(base.acceptPathInfo)
        result.handler = child.handler.or(base.handler)
        result.handlerExpression = child.handlerExpression.or(base.handlerExpression)
        result.forcedType = child.forcedType.or(base.forcedType)
        result.defaultCharset = child.defaultCharset.or(base.defaultCharset)
        result.errorDocuments = base.errorDocuments.merging(child.errorDocuments) { $1 }
        result.limitRequestBody = child.limitRequestBody.or(base.limitRequestBody)
        result.limitXMLRequestBody = child.limitXMLRequestBody.or(base.limitXMLRequestBody)
        result.serverSignature = child.serverSignature.or(base.serverSignature)
        result.contentDigest = child.contentDigest.or(base.contentDigest)
        result.useCanonicalName = child.useCanonicalName.or(base.useCanonicalName)
        result.useCanonicalPhysicalPort = child.useCanonicalPhysicalPort.or(base.useCanonicalPhysicalPort)
        result.hostnameLookups = child.hostnameLookups.or(base.hostnameLookups)
        result.enableMMAP = child.enableMMAP.or(base.enableMMAP)
        result.enableSendfile = child.enableSendfile.or(base.enableSendfile)
        mergeETag(base, child, into: &result)
        result.allowEncodedSlashes = child.allowEncodedSlashes.or(base.allowEncodedSlashes)
        result.maxRanges = child.maxRanges.or(base.maxRanges)
        result.maxRangeOverlaps = child.maxRangeOverlaps.or(base.maxRangeOverlaps)
        result.maxRangeReversals = child.maxRangeReversals.or(base.maxRangeReversals)
        result.outputFilters = child.outputFilters.isEmpty ? base.outputFilters : child.outputFilters
        result.inputFilters = child.inputFilters.isEmpty ? base.inputFilters : child.inputFilters
        result.qualifyRedirectURL = child.qualifyRedirectURL.or(base.qualifyRedirectURL)
        result.cgiPassAuth = child.cgiPassAuth.or(base.cgiPassAuth)
        result.limitCPU = child.limitCPU.or(base.limitCPU)
        result.limitMemory = child.limitMemory.or(base.limitMemory)
        result.limitProcesses = child.limitProcesses.or(base.limitProcesses)
        result.cgiVariables = base.cgiVariables.merging(child.cgiVariables) { $1 }
        if let levels = child.logLevels {
            result.logLevels = base.logLevels.map { levels.merged(over: $0) } ?? levels
        } else {
            result.logLevels = base.logLevels
        }
        result.filesSections = base.filesSections + child.filesSections
        result.ifSections = base.ifSections + child.ifSections
        return result
    }
    /// `+`/`-` options add to what is inherited; plain ones replace it.
    private static func mergeOptions(_ base: CoreDirectory, _ child: CoreDirectory, into result: inout CoreDirectory) {
        if case .set = child.options { return }
        result.optionsAdd = base.optionsAdd.subtracting(child.optionsRemove).union(child.optionsAdd)
        result.optionsRemove = base.optionsRemove.subtracting(child.optionsAdd).union(child.optionsRemove)
        let changed = !child.optionsAdd.isEmpty || !child.optionsRemove.isEmpty
        guard changed else {
            result.options = base.options
            return
        }
        let inherited = base.effectiveOptions
        var options = inherited.subtracting(child.optionsRemove).union(child.optionsAdd)
        // `+IncludesNoExec` below `Includes` takes exec away, though it has no minus.
        if inherited.isSuperset(of: [.includes, .includesExec]), child.optionsAdd.contains(.includes),
            !child.optionsAdd.contains(.includesExec)
        {
            options.subtract(.includesExec)
            result.optionsAdd.subtract(.includesExec)
        }
        result.options = .set(options)
    }
    private static func mergeETag(_ base: CoreDirectory, _ child: CoreDirectory, into result: inout CoreDirectory) {
        if child.etagBits.isEmpty {
            result.etagAdd = base.etagAdd.subtracting(child.etagRemove).union(child.etagAdd)
            result.etagRemove = base.etagRemove.subtracting(child.etagAdd).union(child.etagRemove)
            result.etagBits = base.etagBits.subtracting(result.etagRemove).union(result.etagAdd)
        }
        if result.etagBits != .none { result.etagBits.subtract(.none) }
    }
}

/// Core's server configuration (core_server_config).
public struct CoreServer: MergeableConfig {
    public var documentRoot: Setting<ByteString> = .inherited
    public var accessFileNames: Setting<[ByteString]> = .inherited
    public var traceEnable: Setting<TraceEnable> = .inherited
    public var httpOptions = HTTPOptions()
    public var mergeTrailers: Setting<Bool> = .inherited
    public var mergeSlashes: Setting<Bool> = .inherited
    public var strictHostCheck: Setting<Bool> = .inherited
    public var protocols: Setting<[ByteString]> = .inherited
    public var protocolsHonorOrder: Setting<Bool> = .inherited
    public var flushMaxThreshold: Setting<Int> = .inherited
    public var flushMaxPipelined: Setting<Int> = .inherited
    public var readBufferSize: Setting<Int> = .inherited
    /// LimitInternalRecursion.
    public var redirectLimit: Setting<Int> = .inherited
    public var subrequestLimit: Setting<Int> = .inherited

    public enum TraceEnable: Sendable { case on, off, extended }
    public struct HTTPOptions: Sendable {
        public var unsafe: Setting<Bool> = .inherited
        public var require10: Setting<Bool> = .inherited
        public var registeredMethods: Setting<Bool> = .inherited
    }

    public init() {}
    public static func merged(_ base: CoreServer, _ child: CoreServer) -> CoreServer {
        var result = child
        result.documentRoot = child.documentRoot.or(base.documentRoot)
        result.accessFileNames = child.accessFileNames.or(base.accessFileNames)
        result.traceEnable = child.traceEnable.or(base.traceEnable)
        result.httpOptions.unsafe = child.httpOptions.unsafe.or(base.httpOptions.unsafe)
        result.httpOptions.require10 = child.httpOptions.require10.or(base.httpOptions.require10)
        result.httpOptions.registeredMethods = child.httpOptions.registeredMethods.or(
            base.httpOptions.registeredMethods)
        result.mergeTrailers = child.mergeTrailers.or(base.mergeTrailers)
        result.mergeSlashes = child.mergeSlashes.or(base.mergeSlashes)
        result.strictHostCheck = child.strictHostCheck.or(base.strictHostCheck)
        result.protocols = child.protocols.or(base.protocols)
        result.protocolsHonorOrder = child.protocolsHonorOrder.or(base.protocolsHonorOrder)
        result.flushMaxThreshold = child.flushMaxThreshold.or(base.flushMaxThreshold)
        result.flushMaxPipelined = child.flushMaxPipelined.or(base.flushMaxPipelined)
        result.readBufferSize = child.readBufferSize.or(base.readBufferSize)
        result.redirectLimit = child.redirectLimit.or(base.redirectLimit)
        result.subrequestLimit = child.subrequestLimit.or(base.subrequestLimit)
        return result
    }
}

extension Core {
    public static let directory = ConfigKey<CoreDirectory>()
    public static let server = ConfigKey<CoreServer>()
}

/// Apache's `core`: the directives that belong to no module. Rows are in `CoreDirectives*.swift`.
public enum Core {
    /// Compiled-in DocumentRoot, below which nothing usually is.
    static let defaultDocumentRoot: ByteString = "/var/www/html"
}
