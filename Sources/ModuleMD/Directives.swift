// Apache: modules/md/mod_md_config.c (md_cmds)

import ACME
import Bytes
import Kernel
import ServerCore

/// Where a directive of this module may stand (md_conf_check_location).
private enum Place { case anywhere, outsideDomain, insideDomain }

extension DirectiveContext {
    fileprivate var isInsideDomain: Bool { enclosing.contains("mdomain") || enclosing.contains("mdomainset") }

    fileprivate func check(_ place: Place) throws(DirectiveError) {
        switch place {
        case .insideDomain:
            guard isInsideDomain else {
                throw DirectiveError("\(directive) is only valid inside a '<MDomainSet' context, not here")
            }
            return
        case .outsideDomain:
            if isInsideDomain { throw DirectiveError("\(directive) is not allowed inside an '<MDomainSet' context") }
        case .anywhere: if isInsideDomain { return }
        }
        try forbid(inside: ["directory", "directorymatch", "location", "locationmatch"])
    }
    fileprivate var settings: DomainSettings {
        get { server[ManagedDomains.server].settings }
        set { server[ManagedDomains.server].settings = newValue }
    }
    fileprivate var global: GlobalConfig {
        get { configuration.mainServer[ManagedDomains.global] }
        set { configuration.mainServer[ManagedDomains.global] = newValue }
    }
}

private func onOff(_ word: ByteString) throws(DirectiveError) -> Bool {
    if word.equalsIgnoringCase("on") { return true }
    if word.equalsIgnoringCase("off") { return false }
    throw DirectiveError("unknown '\(word)', supported parameter values are 'on' and 'off'")
}
private func duration(_ word: ByteString, unit: Character) throws(DirectiveError) -> Int64 {
    guard let value = Duration.parse(word.string, unit: unit) else {
        throw DirectiveError("unrecognized duration format")
    }
    return value
}

private typealias Setter = @Sendable (inout DomainSettings, ByteString) throws(DirectiveError) -> Void
private typealias GlobalSetter = @Sendable (inout GlobalConfig, ByteString) throws(DirectiveError) -> Void

private func domain(_ name: StaticString, _ usage: StaticString, _ set: @escaping Setter) -> Directive {
    Directive(
        name, .server, usage,
        .take1 { context, word throws(DirectiveError) in
            try context.check(.anywhere)
            try set(&context.settings, word)
        })
}
private func whole(
    _ name: StaticString, _ usage: StaticString, _ place: Place = .outsideDomain, _ set: @escaping GlobalSetter
) -> Directive {
    Directive(
        name, .server, usage,
        .take1 { context, word throws(DirectiveError) in
            try context.check(place)
            try set(&context.global, word)
        })
}
private func raw(
    _ name: StaticString, _ usage: StaticString, _ place: Place,
    _ set: @escaping @Sendable (DirectiveContext, String) -> Void
)
    -> Directive
{
    Directive(
        name, .server, usage,
        .rawArgs { context, text throws(DirectiveError) in
            try context.check(place)
            set(context, text.trimmed().string)
        })
}
private func argv(
    _ name: StaticString, _ usage: StaticString, _ set: @escaping DirectiveSetter<[ByteString]>
) -> Directive { Directive(name, .server, usage, .takeArgv(set)) }

extension ManagedDomains {
    static let directives: [Directive] = domainRows + sectionRows + globalRows + staplingRows

    private static func window(_ name: String, _ word: ByteString) throws(DirectiveError) -> TimeSlice {
        let slice: TimeSlice
        do throws(TimeSlice.FormatError) {
            slice = try TimeSlice(word.string)
        } catch { throw DirectiveError("\(name) \(error.text)") }
        guard slice.norm == 0 || slice.length < slice.norm else {
            throw DirectiveError("\(name) a length of 100% or more is not allowed.")
        }
        return slice
    }

    private static let domainRows: [Directive] = [
        argv("MDCertificateAuthority", "URL(s) or known name(s) of CA issuing the certificates", authorities),
        domain(
            "MDCertificateAgreement",
            "either 'accepted' or the URL of CA Terms-of-Service agreement you accept"
        ) { settings, word in settings.agreement = word.string },
        argv("MDCAChallenges", "A list of challenge types to be used.") { context, words throws(DirectiveError) in
            try context.check(.anywhere)
            context.settings.challenges = words.map(\.string)
        },
        domain("MDCertificateProtocol", "Protocol used to obtain/renew certificates") { settings, word in
            settings.protocolName = word.string
        },
        domain("MDContactEmail", "Email address used for account registration") { settings, word in
            settings.contact = word.string
        },
        domain("MDDriveMode", "deprecated, older name for MDRenewMode", renewMode),
        domain(
            "MDRenewMode", "Controls how renewal of Managed Domain certificates shall be handled.", renewMode),
        domain("MDMustStaple", "Enable/Disable the Must-Staple flag for new certificates.") {
            settings, word throws(DirectiveError) in settings.mustStaple = try onOff(word)
        },
        argv("MDPrivateKeys", "set the type and parameters for private key generation") {
            context, words throws(DirectiveError) in
            try context.check(.anywhere)
            context.settings.keys = try PrivateKeyWords.kinds(words.map(\.string))
        },
        domain("MDRenewWindow", "Time length for renewal before certificate expires (defaults to days).") {
            settings, word throws(DirectiveError) in settings.renewWindow = try window("MDRenewWindow", word)
        },
        domain(
            "MDWarnWindow",
            "When less time remains for a certificate, send our/log a warning (defaults to days)"
        ) { settings, word throws(DirectiveError) in settings.warnWindow = try window("MDWarnWindow", word) },
        Directive(
            "MDRequireHttps", [.server, .authConfig], "Redirect non-secure requests to the https: equivalent.",
            .take1(requireHTTPS)),
        domain("MDProfile", "The name of an CA profile to order certificates for.") { settings, word in
            settings.profile = word.string
        },
        domain("MDProfileMandatory", "Determines if a configured CA profile is mandatory.") {
            settings, word throws(DirectiveError) in settings.isProfileMandatory = try onOff(word)
        },
        domain("MDRenewViaARI", "Enable/Disable ACME ARI (RFC 9773) to trigger renewals.") {
            settings, word throws(DirectiveError) in settings.usesRenewalInfo = try onOff(word)
        },
        raw("MDChallengeDns01", "Set the command for setup/teardown of dns-01 challenges", .anywhere) { context, text in
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

    // MARK: Which names

    private static let sectionRows: [Directive] = [
        argv("MDomain", "A group of server names with one certificate") { context, words throws(DirectiveError) in
            try context.check(.outsideDomain)
            var domain = begin(context)
            for word in words where !transitive(&domain.settings.isTransitive, word) { domain.add(word.string) }
            guard !domain.names.isEmpty else { throw DirectiveError("needs at least one domain name") }
            context.global.domains.append(domain)
        },
        Directive(
            "<MDomainSet", .server, "Container for a managed domain with common settings and certificate.",
            .section(section)),
        Directive("<MDomain", .server, "Short form for <MDomainSet> container.", .section(section)),
        argv(
            "MDMember",
            "Define domain name(s) part of the Managed Domain. Use 'auto' or 'manual' to enable/disable auto adding names from virtual hosts.",
            members),
        argv(
            "MDMembers",
            "Define domain name(s) part of the Managed Domain. Use 'auto' or 'manual' to enable/disable auto adding names from virtual hosts.",
            members),
        Directive(
            "MDCertificateFile", .server, "set the static certificate (chain) file to use for this domain.",
            .take1 { context, word throws(DirectiveError) in
                try context.check(.insideDomain)
                let path = context.serverRelative(word).string
                context.server[server].current?.certificateFiles.append(path)
            }),
        Directive(
            "MDCertificateKeyFile", .server, "set the static private key file to use for this domain.",
            .take1 { context, word throws(DirectiveError) in
                try context.check(.insideDomain)
                let path = context.serverRelative(word).string
                context.server[server].current?.keyFiles.append(path)
            }),
    ]
    private static func begin(_ context: DirectiveContext) -> ConfiguredDomain {
        ConfiguredDomain(file: context.location.file, line: context.location.line)
    }
    /// - Returns: Whether the word says `auto` or `manual`.
    private static func transitive(_ value: inout Bool?, _ word: ByteString) -> Bool {
        if word.equalsIgnoringCase("auto") {
            value = true
        } else if word.equalsIgnoringCase("manual") {
            value = false
        } else {
            return false
        }
        return true
    }
    @Sendable private static func section(_ context: DirectiveContext, _ text: ByteString, _ body: SectionBody)
        throws(DirectiveError)
    {
        try context.check(.outsideDomain)
        var domain = begin(context)
        guard !text.isEmpty else { throw DirectiveError("<MDomainSet > section must specify a unique domain name") }
        for (index, word) in SectionWords.words(text).enumerated() {
            if index > 0, transitive(&domain.settings.isTransitive, word) { continue }
            domain.add(word.string)
        }
        let saved = context.server[server]
        context.server[server] = ServerConfig(current: domain)
        defer { context.server[server] = saved }
        try context.processHere(body)
        guard var read = context.server[server].current else { return }
        read.settings = context.server[server].settings.over(read.settings)
        context.global.domains.append(read)
    }
    @Sendable private static func members(_ context: DirectiveContext, _ words: [ByteString]) throws(DirectiveError) {
        guard context.isInsideDomain else {
            if words.count == 1 {
                guard transitive(&context.settings.isTransitive, words[0]) else {
                    throw DirectiveError("unknown value, use \"auto|manual\"")
                }
                return
            }
            return try context.check(.insideDomain)
        }
        for word in words where !transitive(&context.settings.isTransitive, word) {
            context.server[server].current?.add(word.string)
        }
    }

    // MARK: The whole server

    private static let globalRows: [Directive] = [
        Directive(
            "MDPortMap", .server,
            "Declare the mapped ports 80 and 443 on the local server. E.g. 80:8000 to indicate that the server port 8000 is reachable as port 80 from the internet. Use 80:- to indicate that port 80 is not reachable from the outside.",
            .take12 { context, first, second throws(DirectiveError) in
                try context.check(.outsideDomain)
                try PortMap.set(&context.global, first.string)
                if let second { try PortMap.set(&context.global, second.string) }
            }),
        whole("MDHttpProxy", "URL of a HTTP(S) proxy to use for outgoing connections") {
            config, word throws(DirectiveError) in
            if let fault = URIWords.httpFault(word.string) { throw DirectiveError(fault) }
            config.proxy = word.string
        },
        whole("MDStoreDir", "the directory for file system storage of managed domain data.") { config, word in
            config.storeDirectory = word
        },
        raw("MDNotifyCmd", "Set the command to run when signup/renew of domain is complete.", .outsideDomain) {
            context, text in context.global.notifyCommand = text
        },
        raw("MDMessageCmd", "Set the command run when a message about a domain is issued.", .outsideDomain) {
            context, text in context.global.messageCommand = text
        },
        whole("MDBaseServer", "Allow managing of base server outside virtual hosts.") {
            config, word throws(DirectiveError) in config.managesBaseServer = try onOff(word)
        },
        whole("MDChallengeDns01Version", "Set the type of arguments to call `MDChallengeDns01` with") {
            config, word throws(DirectiveError) in
            guard word == "1" || word == "2" else { throw DirectiveError("Only versions `1` and `2` are supported") }
            config.dns01Version = word == "2" ? 2 : 1
        },
        whole("MDServerStatus", "On to see Managed Domains in server-status.", .anywhere) {
            config, word throws(DirectiveError) in config.hasServerStatus = try onOff(word)
        },
        whole("MDCertificateStatus", "On to see Managed Domain expose /.httpd/certificate-status.", .anywhere) {
            config, word throws(DirectiveError) in config.hasCertificateStatus = try onOff(word)
        },
        Directive(
            "MDCertificateCheck", .server, "Set name and URL pattern for a certificate monitoring site.",
            .take2 { context, name, url throws(DirectiveError) in
                try context.check(.anywhere)
                context.global.checkerName = name.string
                context.global.checkerURL = url.string
            }),
        whole("MDActivationDelay", "How long to delay activation of new certificates") {
            config, word throws(DirectiveError) in config.activationDelay = try duration(word, unit: "d")
        },
        Directive(
            "MDCACertificateFile", .server, "Set the CA file to use for connections",
            .take1 { context, word in
                context.global.certificatesFile =
                    word.equalsIgnoringCase("none") ? nil : context.serverRelative(word).string
            }),
        whole("MDActivateOn", "Whether new certificates are used once they are there, or after the next restart.") {
            config, word throws(DirectiveError) in
            switch word.lowercased.string {
            case "renewal": config.activatesAtRestart = false
            case "restart": config.activatesAtRestart = true
            default: throw DirectiveError("unknown '\(word)', supported parameter values are 'renewal' and 'restart'")
            }
        },
        whole("MDRetryDelay", "Time length for first retry, doubled on every consecutive error.") {
            config, word throws(DirectiveError) in
            let delay = try duration(word, unit: "s")
            guard delay > 0 else { throw DirectiveError("minimum delay must be greater than 0") }
            config.retryDelay = delay
        },
        whole("MDRetryFailover", "The number of errors before a failover to another CA is triggered.") {
            config, word throws(DirectiveError) in
            let digits = word.bytes.prefix(while: ASCII.isDigit)
            guard let number = ByteString(digits).decimal, number > 0 else {
                throw DirectiveError("invalid argument, must be a number > 0")
            }
            config.retryFailover = number
        },
        whole("MDStoreLocks", "Configure locking of store for updates.") { config, word throws(DirectiveError) in
            if word.equalsIgnoringCase("off") {
                config.lockWait = nil
            } else if word.equalsIgnoringCase("on") {
                config.lockWait = 5000
            } else if let wait = Duration.parse(word.string, unit: "s") {
                config.lockWait = wait == 0 ? nil : wait
            } else {
                throw DirectiveError("neither 'on', 'off' or a duration specified")
            }
        },
        whole("MDMatchNames", "Determines how DNS names are matched to vhosts.") {
            config, word throws(DirectiveError) in
            switch word.lowercased.string {
            case "all": config.match = .all
            case "servernames": config.match = .serverNames
            default: throw DirectiveError("invalid argument, must be a 'all' or 'servernames'")
            }
        },
        whole("MDInitialDelay", "How long to delay the first certificate check.") {
            config, word throws(DirectiveError) in
            let delay = try duration(word, unit: "s")
            guard delay >= 0 else { throw DirectiveError("initial delay must not be negative") }
            config.initialDelay = delay
        },
        whole("MDCheckInterval", "Time between certificate checks.") { config, word throws(DirectiveError) in
            let interval = try duration(word, unit: "s")
            guard interval >= 1000 else { throw DirectiveError("check interval cannot be less than one second") }
            config.checkInterval = interval
        },
    ]

    private static let staplingRows: [Directive] = [
        domain("MDStapling", "Enable/Disable OCSP Stapling for this/all Managed Domain(s).") {
            settings, word throws(DirectiveError) in
            settings.stapling = try onOff(word)
        },
        domain("MDStapleOthers", "Enable/Disable OCSP Stapling for certificates not in Managed Domains.") {
            settings, word throws(DirectiveError) in
            settings.staplesOthers = try onOff(word)
        },
        whole("MDStaplingKeepResponse", "The amount of time to keep an OCSP response in the store.", .anywhere) {
            config, word throws(DirectiveError) in
            do throws(TimeSlice.FormatError) {
                config.statusKeeping = try TimeSlice(word.string, norm: TimeSlice.week)
            } catch { throw DirectiveError("MDStaplingKeepResponse \(error.text)") }
        },
        whole(
            "MDStaplingRenewWindow", "Time length for renewal before OCSP responses expire (defaults to days).",
            .anywhere
        ) { config, word throws(DirectiveError) in
            do throws(TimeSlice.FormatError) {
                config.statusRenewWindow = try TimeSlice(word.string)
            } catch { throw DirectiveError("MDStaplingRenewWindow \(error.text)") }
            let slice = config.statusRenewWindow
            guard slice.norm == 0 || slice.length < slice.norm else {
                throw DirectiveError("MDStaplingRenewWindow with a length of 100% or more is not allowed.")
            }
        },
    ]
}
