// Apache: modules/md/md.h (md_t), modules/md/md_core.c (md_to_json, md_from_json)

/// Names that share one certificate, and how it is to be had: `md.json`.
public struct ManagedDomain: Sendable, Hashable {
    /// md_state_t
    public enum State: Int, Sendable { case unknown, incomplete, complete, expired, error, missingInformation }
    /// md_renew_mode_t
    public enum RenewMode: Int, Sendable {
        case manual, auto, always
    }
    /// md_require_t
    public enum RequireHTTPS: Int, Sendable { case off, temporary, permanent }

    public var name: String
    public var domains: [String]
    public var contacts: [String] = []
    /// Empty: one RSA key of the usual size.
    public var keys: [KeyKind] = []
    public var renewWindow = TimeSlice.renewal
    public var warnWindow = TimeSlice.warning
    public var protocolName: String? = "ACME"
    /// Directory URLs, in order of preference.
    public var authorities: [String] = []
    /// The directory URL that was used last.
    public var authority: String?
    /// The name of the account's folder.
    public var account: String?
    public var agreement: String?
    public var challenges: [String] = []
    public var certificateFiles: [String] = []
    public var keyFiles: [String] = []
    public var binding: ACMEClient.ExternalBinding?
    public var profile: String?
    public var isProfileMandatory = false
    public var usesRenewalInfo = false
    public var stateDescription: String?
    /// Names for which `acme-tls/1` is among the protocols.
    public var alpnDomains: [String] = []
    public var dns01Command: String?
    public var renewMode = RenewMode.auto
    public var requireHTTPS = RequireHTTPS.off
    public var state = State.unknown
    public var isTransitive = true
    public var mustStaple = false
    public var stapling = false
    /// Whether somebody looks after its certificates; not stored.
    public var isWatched = false

    public init(_ domains: [String]) {
        self.domains = DNSName.unique(domains)
        name = domains.first ?? ""
    }

    /// The kinds of keys to have, at least one.
    public var keyKinds: [KeyKind] { keys.isEmpty ? [.standard] : keys }
    public var isStatic: Bool { !certificateFiles.isEmpty }
    /// One of our names is this one, or a wildcard for it.
    public func contains(_ name: String) -> Bool { DNSName.anyMatches(domains, name) }
    public func overlap(with other: ManagedDomain) -> String? { domains.first(where: other.contains) }

    /// Whether its certificate may be renewed by itself.
    public var willRenew: Bool {
        switch renewMode {
        case .manual: false
        case .auto: !isStatic
        case .always: true
        }
    }
}

extension KeyKind {
    var json: JSON {
        switch self {
        case .rsa(let bits): bits >= 2048 ? ["type": "RSA", "bits": .integer(Int64(bits))] : ["type": "RSA"]
        case .curve(let name): ["type": "EC", "curve": .string(name)]
        }
    }
    init?(_ json: JSON) {
        switch json["type"].string?.lowercased() {
        case "rsa": self = .rsa(bits: max(2048, json["bits"].integer ?? 2048))
        case "ec":
            guard let curve = json["curve"].string else { return nil }
            self = .curve(curve)
        default: return nil
        }
    }
    /// `privkey.pem`, `pubcert.secp384r1.pem`
    public func fileName(_ base: String) -> String {
        switch self {
        case .rsa: "\(base).pem"
        case .curve(let name): "\(base).\(name).pem".lowercased()
        }
    }
}

extension ManagedDomain {
    public var json: JSON {
        var ca: JSON = .emptyObject
        ca["account"] = JSON(account)
        ca["proto"] = JSON(protocolName)
        ca["url"] = JSON(authority)
        if !authorities.isEmpty { ca["urls"] = JSON(authorities) }
        ca["agreement"] = JSON(agreement)
        if !challenges.isEmpty { ca["challenges"] = JSON(challenges) }
        var json: JSON = [
            "name": .string(name), "domains": JSON(domains), "contacts": JSON(contacts),
            "transitive": isTransitive ? 1 : 0, "ca": ca,
        ]
        if !keys.isEmpty { json["privkey"] = keys.count == 1 ? keys[0].json : .array(keys.map(\.json)) }
        json["state"] = .integer(Int64(state.rawValue))
        json["state-descr"] = JSON(stateDescription)
        json["renew-mode"] = .integer(Int64(renewMode.rawValue))
        json["renew-window"] = .string(renewWindow.text)
        json["warn-window"] = .string(warnWindow.text)
        switch requireHTTPS {
        case .off: break
        case .temporary: json["require-https"] = "temporary"
        case .permanent: json["require-https"] = "permanent"
        }
        json["must-staple"] = .bool(mustStaple)
        json["proto"] = ["acme-tls/1": JSON(alpnDomains)]
        if isStatic {
            json["cert-files"] = JSON(certificateFiles)
            json["pkey-files"] = JSON(keyFiles)
        }
        json["stapling"] = .bool(stapling)
        json["cmd-dns-01"] = JSON(dns01Command)
        if let binding, binding.identifier != "none" {
            json["eab"] = ["kid": .string(binding.identifier), "hmac": .string(binding.key)]
        }
        json["profile"] = JSON(profile)
        json["profile-mandatory"] = .bool(isProfileMandatory)
        json["ari-renewals"] = .bool(usesRenewalInfo)
        return json
    }
    /// Without secrets, for status pages.
    public var publicJSON: JSON {
        var json = json
        if !json["eab"]["hmac"].isNull { json["eab"]["hmac"] = "***" }
        return json
    }
    public init?(_ json: JSON) {
        guard let name = json["name"].string else { return nil }
        self.init(json["domains"].strings)
        self.name = name
        contacts = json["contacts"].strings
        readAuthority(json["ca"])
        keys = (json["privkey"].elements.isEmpty ? [json["privkey"]] : json["privkey"].elements)
            .compactMap { KeyKind($0) }
        state = json["state"].integer.flatMap(State.init) ?? .unknown
        if state == .expired { state = .complete }
        stateDescription = json["state-descr"].string
        renewMode = json["renew-mode"].integer.flatMap(RenewMode.init) ?? .auto
        isTransitive = json["transitive"].integer != 0
        if let text = json["renew-window"].string, let slice = try? TimeSlice(text) { renewWindow = slice }
        if let text = json["warn-window"].string, let slice = try? TimeSlice(text) { warnWindow = slice }
        switch json["require-https"].string {
        case "temporary": requireHTTPS = .temporary
        case "permanent": requireHTTPS = .permanent
        default: requireHTTPS = .off
        }
        mustStaple = json["must-staple"].bool ?? false
        alpnDomains = json["proto"]["acme-tls/1"].strings
        certificateFiles = json["cert-files"].strings
        keyFiles = json["pkey-files"].strings
        stapling = json["stapling"].bool ?? false
        dns01Command = json["cmd-dns-01"].string
        if let identifier = json["eab"]["kid"].string, let key = json["eab"]["hmac"].string {
            binding = ACMEClient.ExternalBinding(identifier: identifier, key: key)
        }
        profile = json["profile"].string
        isProfileMandatory = json["profile-mandatory"].bool ?? false
        usesRenewalInfo = json["ari-renewals"].bool ?? false
    }
    private mutating func readAuthority(_ ca: JSON) {
        account = ca["account"].string
        protocolName = ca["proto"].string
        authority = ca["url"].string
        authorities = ca["urls"].isNull ? authority.map { [$0] } ?? [] : ca["urls"].strings
        agreement = ca["agreement"].string
        challenges = ca["challenges"].strings
    }
}

/// CAs that have a name.
public enum KnownAuthority {
    public static let all: [(name: String, url: String)] = [
        ("LetsEncrypt", "https://acme-v02.api.letsencrypt.org/directory"),
        ("LetsEncrypt-Test", "https://acme-staging-v02.api.letsencrypt.org/directory"),
        ("Buypass", "https://api.buypass.com/acme/directory"),
        ("Buypass-Test", "https://api.test4.buypass.no/acme/directory"),
    ]
    /// MD_ACME_DEF_URL
    public static let standard = "https://acme-v02.api.letsencrypt.org/directory"

    public static func url(named name: String) -> String? {
        all.first { $0.name.lowercased() == name.lowercased() }?.url
    }
    /// A name, or the host.
    public static func name(of url: String) -> String {
        all.first { $0.url.lowercased() == url.lowercased() }?.name ?? RequestURL(url)?.host ?? url
    }
}
