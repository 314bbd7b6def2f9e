// Apache: modules/ssl/ssl_private.h (SSLSrvConfigRec, SSLDirConfigRec, SSLModConfigRec)

import Bytes
import Expressions
import ServerCore

/// What the `SSL*` directives of one server say.
struct TLSServerConfig: MergeableConfig {
    var isEnabled: Setting<Bool> = .inherited
    var certificateFiles: [ByteString] = []
    var keyFiles: [ByteString] = []
    var chainFile: Setting<ByteString> = .inherited
    var versions: Setting<TLSVersions> = .inherited
    var cipherSuite: Setting<ByteString> = .inherited
    var suites: Setting<ByteString> = .inherited
    var honorCipherOrder: Setting<Bool> = .inherited
    var compression: Setting<Bool> = .inherited
    var sessionTickets: Setting<Bool> = .inherited
    var ticketKeyFile: Setting<ByteString> = .inherited
    var insecureRenegotiation: Setting<Bool> = .inherited
    var sessionCacheTimeout: Setting<Int> = .inherited
    var strictSNICheck: Setting<Bool> = .inherited
    var verifyClient: Setting<VerifyMode> = .inherited
    var verifyDepth: Setting<Int> = .inherited
    var authorityFile: Setting<ByteString> = .inherited
    var authorityPath: Setting<ByteString> = .inherited
    var authorityNamesFile: Setting<ByteString> = .inherited
    var authorityNamesPath: Setting<ByteString> = .inherited
    var revocationFile: Setting<ByteString> = .inherited
    var revocationPath: Setting<ByteString> = .inherited
    var revocationCheck: Setting<RevocationCheck> = .inherited
    var commands: [ConfCommand] = []
    var stapling = StaplingConfig()
    var revocation = RevocationConfig()

    // Of the whole server, kept with the main one.
    var sessionCache: Setting<SessionCacheChoice> = .inherited
    var staplingCache: Setting<SessionCacheChoice> = .inherited
    var sniPolicy: Setting<SNIPolicy> = .inherited
    var passPhraseDialog: Setting<ByteString> = .inherited
    var fips: Setting<Bool> = .inherited

    init() {}

    struct ConfCommand: Sendable, Equatable {
        var name: ByteString
        var value: ByteString
    }
    struct RevocationCheck: Sendable, Equatable {
        enum Mode: Sendable { case none, leaf, chain }
        var mode = Mode.none
        var allowsMissing = false
    }

    static func merged(_ base: TLSServerConfig, _ child: TLSServerConfig) -> TLSServerConfig {
        var result = child
        result.isEnabled = child.isEnabled.or(base.isEnabled)
        result.certificateFiles = knockedOut(base.certificateFiles, child.certificateFiles)
        result.keyFiles = knockedOut(base.keyFiles, child.keyFiles)
        result.chainFile = child.chainFile.or(base.chainFile)
        result.versions = child.versions.or(base.versions)
        result.cipherSuite = child.cipherSuite.or(base.cipherSuite)
        result.suites = child.suites.or(base.suites)
        result.honorCipherOrder = child.honorCipherOrder.or(base.honorCipherOrder)
        result.compression = child.compression.or(base.compression)
        result.sessionTickets = child.sessionTickets.or(base.sessionTickets)
        result.ticketKeyFile = child.ticketKeyFile.or(base.ticketKeyFile)
        result.insecureRenegotiation = child.insecureRenegotiation.or(base.insecureRenegotiation)
        result.sessionCacheTimeout = child.sessionCacheTimeout.or(base.sessionCacheTimeout)
        result.strictSNICheck = child.strictSNICheck.or(base.strictSNICheck)
        result.verifyClient = child.verifyClient.or(base.verifyClient)
        result.verifyDepth = child.verifyDepth.or(base.verifyDepth)
        result.authorityFile = child.authorityFile.or(base.authorityFile)
        result.authorityPath = child.authorityPath.or(base.authorityPath)
        result.authorityNamesFile = child.authorityNamesFile.or(base.authorityNamesFile)
        result.authorityNamesPath = child.authorityNamesPath.or(base.authorityNamesPath)
        result.revocationFile = child.revocationFile.or(base.revocationFile)
        result.revocationPath = child.revocationPath.or(base.revocationPath)
        result.revocationCheck = child.revocationCheck.or(base.revocationCheck)
        result.commands = base.commands + child.commands
        result.stapling = StaplingConfig.merged(base.stapling, child.stapling)
        result.revocation = RevocationConfig.merged(base.revocation, child.revocation)
        result.passPhraseDialog = child.passPhraseDialog.or(base.passPhraseDialog)
        return result
    }
    /// Files of the virtual host take the place of the main server's, one by one up to the third
    /// (modssl_ctx_cfg_merge_certkeys_array).
    private static func knockedOut(_ base: [ByteString], _ child: [ByteString]) -> [ByteString] {
        child.count > 3 ? child : child + base.dropFirst(child.count)
    }
}

/// `SSLStapling…`. Times are seconds.
struct StaplingConfig: Sendable {
    var isEnabled: Setting<Bool> = .inherited
    var timeSkew: Setting<Int> = .inherited
    var maximumAge: Setting<Int> = .inherited
    var responderTimeout: Setting<Int> = .inherited
    var cacheTimeout: Setting<Int> = .inherited
    var errorCacheTimeout: Setting<Int> = .inherited
    var returnsErrors: Setting<Bool> = .inherited
    var fakesTryLater: Setting<Bool> = .inherited
    var forceURL: Setting<ByteString> = .inherited

    static func merged(_ base: StaplingConfig, _ child: StaplingConfig) -> StaplingConfig {
        StaplingConfig(
            isEnabled: child.isEnabled.or(base.isEnabled), timeSkew: child.timeSkew.or(base.timeSkew),
            maximumAge: child.maximumAge.or(base.maximumAge),
            responderTimeout: child.responderTimeout.or(base.responderTimeout),
            cacheTimeout: child.cacheTimeout.or(base.cacheTimeout),
            errorCacheTimeout: child.errorCacheTimeout.or(base.errorCacheTimeout),
            returnsErrors: child.returnsErrors.or(base.returnsErrors),
            fakesTryLater: child.fakesTryLater.or(base.fakesTryLater), forceURL: child.forceURL.or(base.forceURL))
    }
}

/// `SSLSessionCache`, `SSLStaplingCache`.
enum SessionCacheChoice: Sendable, Equatable {
    case none
    /// No cache but the client's own copy: sessions without an identifier's use (`nonenotnull`).
    case external
    case shared(path: ByteString, size: Int)
}

/// `SSLVHostSNIPolicy`.
enum SNIPolicy: ByteString, Sendable { case strict, secure, authonly, insecure }

/// What the `SSL*` directives say in one directory.
struct TLSDirectoryConfig: MergeableConfig {
    var requiresSSL = false
    var requirements: [Requirement] = []
    /// nil: nothing was said.
    var options: Setting<TLSOptions> = .inherited
    /// What holds, inherited values aside.
    var effective: TLSOptions {
        if case .set(let said) = options { return said }
        return added
    }
    var added: TLSOptions = []
    var removed: TLSOptions = []
    var verifyClient: Setting<VerifyMode> = .inherited
    var verifyDepth: Setting<Int> = .inherited
    var cipherSuite: Setting<ByteString> = .inherited
    var userName: Setting<ByteString> = .inherited
    var bufferSize: Setting<Int> = .inherited

    struct Requirement: Sendable {
        var text: ByteString
        var expression: Expression
    }
    init() {}
    static func merged(_ base: TLSDirectoryConfig, _ child: TLSDirectoryConfig) -> TLSDirectoryConfig {
        var result = child
        result.requiresSSL = child.requiresSSL || base.requiresSSL
        result.requirements = base.requirements + child.requirements
        if case .set = child.options {
        } else if !child.added.isEmpty || !child.removed.isEmpty {
            result.added = base.added.subtracting(child.removed).union(child.added)
            result.removed = base.removed.subtracting(child.added).union(child.removed)
            let before = base.effective
            result.options = .set(before.subtracting(child.removed).union(child.added))
        } else {
            result.options = base.options
            result.added = base.added
            result.removed = base.removed
        }
        result.verifyClient = child.verifyClient.or(base.verifyClient)
        result.verifyDepth = child.verifyDepth.or(base.verifyDepth)
        result.cipherSuite = child.cipherSuite.or(base.cipherSuite)
        result.userName = child.userName.or(base.userName)
        result.bufferSize = child.bufferSize.or(base.bufferSize)
        return result
    }
}

/// `SSLOptions`.
struct TLSOptions: OptionSet, Sendable {
    let rawValue: UInt8
    static let stdEnvVars = TLSOptions(rawValue: 1)
    static let exportCertData = TLSOptions(rawValue: 2)
    static let fakeBasicAuth = TLSOptions(rawValue: 4)
    static let strictRequire = TLSOptions(rawValue: 8)
    static let optRenegotiate = TLSOptions(rawValue: 16)
    static let legacyDNFormat = TLSOptions(rawValue: 32)

    static let names: [(name: ByteString, option: TLSOptions)] = [
        ("StdEnvVars", .stdEnvVars), ("ExportCertData", .exportCertData), ("FakeBasicAuth", .fakeBasicAuth),
        ("StrictRequire", .strictRequire), ("OptRenegotiate", .optRenegotiate),
        ("LegacyDNStringFormat", .legacyDNFormat),
    ]
}
