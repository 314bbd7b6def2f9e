// Apache: modules/md/mod_md.c, modules/md/mod_md_config.c

import ACME
import Bytes
import ServerCore

/// mod_md: certificates that are got from a CA and renewed by themselves. docs/certificates.md
public enum ManagedDomains {
    public static let module = ModuleDefinition("md", .metadata, directives: directives) { hooks in
        hooks.onPostConfig(Completion.complete, order: .first)
        hooks.onPostReadRequest(StatusHandlers.certificate, before: ["mod_ssl.c"])
        hooks.onPostReadRequest(RequireHTTPS.redirect, after: ["mod_ssl.c"])
        hooks.onQuickHandler(ChallengeResponse.answer, order: .reallyFirst)
        hooks.onHandler(StatusHandlers.domains)
        hooks.addProvider(
            CertificateSource(files: CertificateFilesOfServer.find, challenge: ChallengeResponse.certificate),
            to: CertificateSource.group, as: "md")
        hooks.addProvider(
            StapleSource(prime: Stapling.prime, response: Stapling.response), to: StapleSource.group, as: "md")
        hooks.addProvider(StatusSection(text: ServerStatusSection.text), to: StatusSection.group, as: "md")
    }

    /// MOD_MD_VERSION of the mod_md whose store and pages these are.
    static let version = "2.6.10"

    /// Settings of a server, and where `<MDomain>` is open, of that.
    static let server = ConfigKey<ServerConfig>()
    /// Settings of the whole server; read at the main server.
    static let global = ConfigKey<GlobalConfig>()

    static let log = "md"
}

/// What may be said for a server or one domain; nil where nothing was.
struct DomainSettings: Sendable {
    var isTransitive: Bool?
    var requireHTTPS: ManagedDomain.RequireHTTPS?
    var renewMode: ManagedDomain.RenewMode?
    var mustStaple: Bool?
    var keys: [KeyKind]?
    var renewWindow: TimeSlice?
    var warnWindow: TimeSlice?
    var authorities: [String]?
    var contact: String?
    var protocolName: String?
    var agreement: String?
    var challenges: [String]?
    var binding: ACMEClient.ExternalBinding?
    var profile: String?
    var isProfileMandatory: Bool?
    var stapling: Bool?
    var staplesOthers: Bool?
    var usesRenewalInfo: Bool?
    var dns01Command: String?

    func over(_ base: DomainSettings) -> DomainSettings {
        var result = self
        result.isTransitive = isTransitive ?? base.isTransitive
        result.requireHTTPS = requireHTTPS ?? base.requireHTTPS
        result.renewMode = renewMode ?? base.renewMode
        result.mustStaple = mustStaple ?? base.mustStaple
        result.keys = keys?.isEmpty ?? true ? base.keys : keys
        result.renewWindow = renewWindow ?? base.renewWindow
        result.warnWindow = warnWindow ?? base.warnWindow
        result.authorities = authorities ?? base.authorities
        result.contact = contact ?? base.contact
        result.protocolName = protocolName ?? base.protocolName
        result.agreement = agreement ?? base.agreement
        result.challenges = challenges ?? base.challenges
        result.binding = binding ?? base.binding
        result.profile = profile ?? base.profile
        result.isProfileMandatory = isProfileMandatory ?? base.isProfileMandatory
        result.stapling = stapling ?? base.stapling
        result.staplesOthers = staplesOthers ?? base.staplesOthers
        result.usesRenewalInfo = usesRenewalInfo ?? base.usesRenewalInfo
        result.dns01Command = dns01Command ?? base.dns01Command
        return result
    }
}

/// `MDomain` or `<MDomain>` as it was read.
struct ConfiguredDomain: Sendable {
    var names: [String] = []
    var settings = DomainSettings()
    var certificateFiles: [String] = []
    var keyFiles: [String] = []
    var file = "unknown"
    var line = 0

    mutating func add(_ name: String) {
        guard !names.contains(where: { DNSName.equal($0, name) }) else { return }
        names.append(name.lowercased())
    }
}

struct ServerConfig: MergeableConfig {
    var settings = DomainSettings()
    /// The `<MDomain>` that is being read.
    var current: ConfiguredDomain?

    static func merged(_ base: Self, _ child: Self) -> Self {
        ServerConfig(settings: child.settings.over(base.settings))
    }
}

/// md_mod_conf_t
struct GlobalConfig: MergeableConfig {
    enum Match: Sendable { case all, serverNames }

    var domains: [ConfiguredDomain] = []
    var storeDirectory: ByteString = "md"
    var proxy: String?
    var localHTTP: Int = 80
    var localHTTPS: Int = 443
    var managesBaseServer = false
    var notifyCommand: String?
    var messageCommand: String?
    var dns01Command: String?
    var dns01Version = 1
    var hasServerStatus = true
    var hasCertificateStatus = true
    var checkerName = "crt.sh"
    var checkerURL = "https://crt.sh?q="
    /// Milliseconds, all of these.
    var activationDelay: Int64 = 0
    var initialDelay: Int64 = 0
    var checkInterval: Int64 = 43_200_000
    var retryDelay: Int64 = 30_000
    var retryFailover = 13
    var statusKeeping = TimeSlice.keeping
    var statusRenewWindow = TimeSlice.renewal
    /// nil: no locks.
    var lockWait: Int64?
    var certificatesFile: String?
    var match = Match.all
    /// New certificates wait for the next start or reload, as with mod_md.
    var activatesAtRestart = false
    /// What became of it all.
    var registry: Registry?

    static func merged(_ base: Self, _ child: Self) -> Self { base }
}
