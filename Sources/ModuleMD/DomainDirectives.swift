// Apache: modules/md/mod_md_config.c (md_cmds: what may differ from domain to domain)

import ACME
import Bytes
import Kernel
import ServerCore

extension ManagedDomains {
    static let domainRows: [Directive] = [
        .argv("MDCertificateAuthority", "URL(s) or known name(s) of CA issuing the certificates", authorities),
        .domain(
            "MDCertificateAgreement",
            "either 'accepted' or the URL of CA Terms-of-Service agreement you accept"
        ) { settings, word in settings.agreement = word.string },
        .argv("MDCAChallenges", "A list of challenge types to be used.") { context, words throws(DirectiveError) in
            try context.check(.anywhere)
            context.settings.challenges = words.map(\.string)
        },
        .domain("MDCertificateProtocol", "Protocol used to obtain/renew certificates") { settings, word in
            settings.protocolName = word.string
        },
        .domain("MDContactEmail", "Email address used for account registration") { settings, word in
            settings.contact = word.string
        },
        .domain("MDDriveMode", "deprecated, older name for MDRenewMode", renewMode),
        .domain(
            "MDRenewMode", "Controls how renewal of Managed Domain certificates shall be handled.", renewMode),
        .domain("MDMustStaple", "Enable/Disable the Must-Staple flag for new certificates.") {
            settings, word throws(DirectiveError) in settings.mustStaple = try SettingWords.onOff(word)
        },
        .argv("MDPrivateKeys", "set the type and parameters for private key generation") {
            context, words throws(DirectiveError) in
            try context.check(.anywhere)
            context.settings.keys = try PrivateKeyWords.kinds(words.map(\.string))
        },
        .domain("MDRenewWindow", "Time length for renewal before certificate expires (defaults to days).") {
            settings, word throws(DirectiveError) in
            settings.renewWindow = try SettingWords.window("MDRenewWindow", word)
        },
        .domain(
            "MDWarnWindow",
            "When less time remains for a certificate, send our/log a warning (defaults to days)"
        ) { settings, word throws(DirectiveError) in settings.warnWindow = try SettingWords.window("MDWarnWindow", word)
        },
        Directive(
            "MDRequireHttps", [.server, .authConfig], "Redirect non-secure requests to the https: equivalent.",
            .take1(requireHTTPS)),
        .domain("MDProfile", "The name of an CA profile to order certificates for.") { settings, word in
            settings.profile = word.string
        },
        .domain("MDProfileMandatory", "Determines if a configured CA profile is mandatory.") {
            settings, word throws(DirectiveError) in settings.isProfileMandatory = try SettingWords.onOff(word)
        },
        .domain("MDRenewViaARI", "Enable/Disable ACME ARI (RFC 9773) to trigger renewals.") {
            settings, word throws(DirectiveError) in settings.usesRenewalInfo = try SettingWords.onOff(word)
        },
        .raw("MDChallengeDns01", "Set the command for setup/teardown of dns-01 challenges", .anywhere) {
            context, text in
            if context.isInsideDomain {
                context.settings.dns01Command = text
            } else {
                context.global.dns01Command = text
            }
        },
        Directive(
            "MDExternalAccountBinding", .server,
            "Set the external account binding keyid and hmac values to use at CA", .take12(externalBinding)),
    ]

    @Sendable private static func authorities(_ context: DirectiveContext, _ words: [ByteString]) throws(DirectiveError)
    {
        try context.check(.anywhere)
        var urls: [String] = []
        for word in words {
            let name = word.string
            if let url = KnownAuthority.url(named: name) {
                urls.append(url)
            } else if let fault = URIWords.fault(name) {
                let known = KnownAuthority.all.map(\.name).joined(separator: " ")
                throw DirectiveError(
                    "The CA name '\(name)' is not known and it is not a URL either (\(fault)). Known CA names are: \(known)."
                )
            } else {
                urls.append(name)
            }
        }
        context.settings.authorities = urls
    }
    @Sendable private static func renewMode(_ settings: inout DomainSettings, _ word: ByteString) throws(DirectiveError)
    {
        switch word.lowercased.string {
        case "auto", "automatic": settings.renewMode = .auto
        case "always": settings.renewMode = .always
        case "manual", "stick": settings.renewMode = .manual
        default: throw DirectiveError("unknown MDDriveMode \(word)")
        }
    }
    @Sendable private static func requireHTTPS(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        try context.check(.anywhere)
        switch word.lowercased.string {
        case "off": context.settings.requireHTTPS = .off
        case "temporary": context.settings.requireHTTPS = .temporary
        case "permanent": context.settings.requireHTTPS = .permanent
        default:
            throw DirectiveError(
                "unknown '\(word)', supported parameter values are 'temporary' and 'permanent'")
        }
    }
    @Sendable private static func externalBinding(
        _ context: DirectiveContext, _ first: ByteString, _ second: ByteString?
    ) throws(DirectiveError) {
        try context.check(.anywhere)
        if let second {
            context.settings.binding = .init(identifier: first.string, key: second.string)
        } else if first.equalsIgnoringCase("None") {
            context.settings.binding = .init(identifier: "none", key: "")
        } else {
            let path = context.serverRelative(first)
            guard let bytes = try? File.readWhole(path, limit: 65536) else {
                throw DirectiveError("\(context.directive): file not found: \(path)")
            }
            guard let json = try? JSON(bytes) else {
                throw DirectiveError("\(context.directive): error reading JSON file \(path)")
            }
            func member(_ name: String) throws(DirectiveError) -> String {
                guard let value = json[name].string, !value.isEmpty else {
                    throw DirectiveError(
                        "\(context.directive): JSON does not contain '\(name)' element in file \(path)")
                }
                return value
            }
            context.settings.binding = .init(identifier: try member("kid"), key: try member("hmac"))
        }
    }
}
