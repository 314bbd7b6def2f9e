// Apache: modules/ssl/ssl_private.h (modssl_ctx_t of SSLDirConfigRec.proxy)

import Bytes
import ServerCore

/// What the `SSLProxy*` directives say, for a server and in its `<Proxy>` sections.
struct OutgoingTLSConfig: MergeableConfig, Equatable {
    var isEnabled: Setting<Bool> = .inherited
    var versions: Setting<TLSVersions> = .inherited
    var cipherSuite: Setting<ByteString> = .inherited
    var suites: Setting<ByteString> = .inherited
    var verify: Setting<VerifyMode> = .inherited
    var depth: Setting<Int> = .inherited
    var authorityFile: Setting<ByteString> = .inherited
    var authorityPath: Setting<ByteString> = .inherited
    var revocationFile: Setting<ByteString> = .inherited
    var revocationPath: Setting<ByteString> = .inherited
    var revocationCheck: Setting<TLSServerConfig.RevocationCheck> = .inherited
    var machineFile: Setting<ByteString> = .inherited
    var machinePath: Setting<ByteString> = .inherited
    var machineChain: Setting<ByteString> = .inherited
    var checksExpiry: Setting<Bool> = .inherited
    var checksCommonName: Setting<Bool> = .inherited
    var checksName: Setting<Bool> = .inherited

    init() {}

    static func merged(_ base: OutgoingTLSConfig, _ child: OutgoingTLSConfig) -> OutgoingTLSConfig {
        var result = child
        result.isEnabled = child.isEnabled.or(base.isEnabled)
        result.versions = child.versions.or(base.versions)
        result.cipherSuite = child.cipherSuite.or(base.cipherSuite)
        result.suites = child.suites.or(base.suites)
        result.verify = child.verify.or(base.verify)
        result.depth = child.depth.or(base.depth)
        result.authorityFile = child.authorityFile.or(base.authorityFile)
        result.authorityPath = child.authorityPath.or(base.authorityPath)
        result.revocationFile = child.revocationFile.or(base.revocationFile)
        result.revocationPath = child.revocationPath.or(base.revocationPath)
        result.revocationCheck = child.revocationCheck.or(base.revocationCheck)
        result.machineFile = child.machineFile.or(base.machineFile)
        result.machinePath = child.machinePath.or(base.machinePath)
        result.machineChain = child.machineChain.or(base.machineChain)
        result.checksExpiry = child.checksExpiry.or(base.checksExpiry)
        result.checksCommonName = child.checksCommonName.or(base.checksCommonName)
        result.checksName = child.checksName.or(base.checksName)
        return result
    }
}
