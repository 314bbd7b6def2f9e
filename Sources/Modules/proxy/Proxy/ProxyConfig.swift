// Apache: modules/proxy/mod_proxy.h (proxy_server_conf, proxy_dir_conf, proxy_alias, proxy_worker_shared)

import Bytes
import Expressions
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
        }
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

/// A backend that ProxyPass, ProxySet or `<Proxy>` named, with its parameters (proxy_worker).
/// Written while configuration is read, then only read.
final class ProxyWorker: @unchecked Sendable {
    /// `scheme://host[:port]/path`, scheme and host in lower case.
    let name: ByteString
    /// The name holds `$1`, `$2`, …, which stand for any text.
    let isMatch: Bool
    /// `unix:` part.
    let socket: ByteString?
    var parameters = WorkerParameters()

    init(name: ByteString, isMatch: Bool, socket: ByteString?) {
        self.name = name
        self.isMatch = isMatch
        self.socket = socket
    }

    /// How many bytes of `url` the name covers; nil when it is another backend (worker_matches).
    func match(_ url: ByteString) -> Int? {
        if url.hasPrefix(name) { return name.count }
        return isMatch && name.contains(UInt8(ascii: "$")) && Self.matches(name.bytes[...], url.bytes[...])
            ? name.count : nil
    }
    private static func matches(_ pattern: ArraySlice<UInt8>, _ url: ArraySlice<UInt8>) -> Bool {
        var pattern = pattern
        var url = url
        while let next = pattern.first {
            if next == UInt8(ascii: "$"), let digit = pattern.dropFirst().first, ASCII.isDigit(digit) {
                let rest = pattern.dropFirst(2)
                if rest.isEmpty { return true }
                for start in url.startIndex...url.endIndex where matches(rest, url[start...]) { return true }
                return false
            }
            guard url.first == next else { return false }
            pattern = pattern.dropFirst()
            url = url.dropFirst()
        }
        return true
    }

    /// The worker of `url` with the longest name; scheme and host must be among what agrees (ap_proxy_get_worker_ex).
    static func find(_ url: ByteString, in workers: [ProxyWorker]) -> ProxyWorker? {
        guard !workers.isEmpty, let host = ProxyURL.lowerHost(url) else { return nil }
        var best: ProxyWorker?
        var longest = 0
        for worker in workers where worker.name.count >= host.hostEnd {
            if let length = worker.match(host.url), length > longest {
                best = worker
                longest = length
            }
        }
        return best
    }
}
