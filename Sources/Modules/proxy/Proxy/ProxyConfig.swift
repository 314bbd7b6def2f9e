// Apache: modules/proxy/mod_proxy.h (proxy_server_conf, proxy_dir_conf, proxy_alias, proxy_worker_shared)

import Bytes
import Expressions
import HTTP
import Kernel
import ServerCore

/// One `ProxyPass` or `ProxyPassMatch` (proxy_alias).
struct ProxyAlias: Sendable {
    /// The URL path that is taken; the pattern's text for a regular expression.
    var fake: ByteString
    /// Where it goes, without the `unix:…|` part; `!` declines.
    var real: ByteString
    var regex: Regex?
    var noCanon = false
    var interpolates = false
    var noQuery = false
    /// `mapping=`: how the path is compared.
    var mapping = Mapping.decoded
    enum Mapping: Sendable { case decoded, encoded, servlet }
    var isExclusion: Bool { real == "!" }
}

/// A pair of `ProxyPassReverse`, `ProxyPassReverseCookiePath`, `ProxyPassReverseCookieDomain`.
struct ProxyReverse: Sendable {
    var fake: ByteString
    var real: ByteString
    var interpolates: Bool
}

/// `<Proxy>` and `<ProxyMatch>`.
final class ProxySection: Sendable {
    let pattern: SectionPattern
    let config: PerDirectoryConfig
    init(pattern: SectionPattern, config: PerDirectoryConfig) {
        self.pattern = pattern
        self.config = config
    }
}

/// Per-directory configuration (proxy_dir_conf).
struct ProxyDirectory: MergeableConfig {
    var alias: ProxyAlias?
    var reverses: [ProxyReverse] = []
    var cookiePaths: [ProxyReverse] = []
    var cookieDomains: [ProxyReverse] = []
    var preserveHost: Setting<Bool> = .inherited
    var interpolates: Setting<Bool> = .inherited
    var errorOverride: Setting<Bool> = .inherited
    var errorOverrideCodes: [Int] = []
    var addHeaders: Setting<Bool> = .inherited
    var forward100: Setting<Bool> = .inherited

    static func merged(_ base: ProxyDirectory, _ child: ProxyDirectory) -> ProxyDirectory {
        var result = child
        result.alias = child.alias ?? base.alias
        result.reverses = base.reverses + child.reverses
        result.cookiePaths = base.cookiePaths + child.cookiePaths
        result.cookieDomains = base.cookieDomains + child.cookieDomains
        result.preserveHost = child.preserveHost.or(base.preserveHost)
        result.interpolates = child.interpolates.or(base.interpolates)
        result.errorOverride = child.errorOverride.or(base.errorOverride)
        result.errorOverrideCodes = base.errorOverrideCodes + child.errorOverrideCodes
        result.addHeaders = child.addHeaders.or(base.addHeaders)
        result.forward100 = child.forward100.or(base.forward100)
        return result
    }
    /// Whether `ProxyErrorOverride` replaces an answer of this status (ap_proxy_should_override).
    func overrides(_ status: Int) -> Bool {
        guard errorOverride.value(default: false) else { return false }
        return errorOverrideCodes.isEmpty ? (400..<600).contains(status) : errorOverrideCodes.contains(status)
    }
}

/// Server configuration (proxy_server_conf).
struct ProxyServer: MergeableConfig {
    enum Via: Sendable { case off, on, block, full }

    var aliases: [ProxyAlias] = []
    var sections: [ProxySection] = []
    var workers: [ProxyWorker] = []
    var balancers: [ProxyBalancer] = []
    /// `ProxyRequests On`
    var forwards: Setting<Bool> = .inherited
    /// `ProxyDomain`
    var domain: Setting<ByteString> = .inherited
    var badHeader: Setting<ResponseHeadReader.BadLine> = .inherited
    /// `ProxyPass … mapping=encoded` occurs, so that paths are compared before they are decoded too.
    var mapsEncoded = false
    var inherits: Setting<Bool> = .inherited
    var passInherits: Setting<Bool> = .inherited
    /// Seconds.
    var timeout: Setting<Int> = .inherited
    var via: Setting<Via> = .inherited
    var maxForwards: Setting<Int> = .inherited
    var ioBufferSize: Setting<Int> = .inherited
    var receiveBufferSize: Setting<Int> = .inherited
    var sourceAddress: Setting<SocketAddress> = .inherited
    /// `ProxyBlock`: names the proxy does not connect to.
    var blocked: [ByteString] = []

    static func merged(_ base: ProxyServer, _ child: ProxyServer) -> ProxyServer {
        var result = child
        result.inherits = child.inherits.or(base.inherits)
        result.passInherits = child.passInherits.or(base.passInherits)
        result.aliases = base.aliases + child.aliases
        result.sections = base.sections + child.sections
        if result.inherits.value(default: true) || result.passInherits.value(default: true) {
            result.workers = base.workers + child.workers
            result.balancers = base.balancers + child.balancers
        }
        result.forwards = child.forwards.or(base.forwards)
        result.domain = child.domain.or(base.domain)
        result.badHeader = child.badHeader.or(base.badHeader)
        result.mapsEncoded = child.mapsEncoded || base.mapsEncoded
        result.timeout = child.timeout.or(base.timeout)
        result.via = child.via.or(base.via)
        result.maxForwards = child.maxForwards.or(base.maxForwards)
        result.ioBufferSize = child.ioBufferSize.or(base.ioBufferSize)
        result.receiveBufferSize = child.receiveBufferSize.or(base.receiveBufferSize)
        result.sourceAddress = child.sourceAddress.or(base.sourceAddress)
        result.blocked = base.blocked + child.blocked
        return result
    }
}
