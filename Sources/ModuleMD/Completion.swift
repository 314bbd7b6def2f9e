// Apache: modules/md/mod_md.c (md_post_config_before_ssl, md_post_config_after_ssl)

import ACME
import Bytes
import Kernel
import ServerCore

/// What is done once all is read: which domain is for which virtual host, and the store brought up to date.
enum Completion {
    @Sendable static func complete(_ configuration: Configuration) throws(DirectiveError) {
        let config = configuration.mainServer[ManagedDomains.global]
        guard !config.domains.isEmpty || Stapling.isWanted(configuration, []) else {
            return answerChallengesOfOthers(configuration, config)
        }
        let store = try openStore(configuration, config)
        let settings = renewalSettings(configuration, config)
        var entries = try config.domains.map { domain throws(DirectiveError) in
            Registry.Entry(domain: try merged(domain, configuration, config))
        }
        if config.match == .all { try checkOverlaps(entries, config, configuration) }
        link(&entries, configuration, config)
        let lock = config.lockWait.map { StoreLock(store, milliseconds: $0) }
        if config.lockWait != nil, case .some(.none) = lock {
            configuration.say(
                .error, ManagedDomains.log,
                "AH10398: unable to obtain global registry lock, renewed certificates may remain inactive on this httpd instance!"
            )
        } else {
            StoreSync.rename(entries.map(\.domain), store)
            activateStaged(entries, store, configuration, config)
        }
        try checkDuplicates(entries, configuration)
        for index in entries.indices { try finish(&entries[index], store, configuration, config) }
        watch(&entries, settings, configuration)
        let used = Set(entries.flatMap { $0.domain.domains + [$0.domain.name] })
        for name in store.names(.challenges) where !used.contains(name) { store.purge(.challenges, name) }
        let registry = Registry(store, config, settings, entries)
        configuration.mainServer[ManagedDomains.global].registry = registry
        configuration.certificateBoard = try? CertificateBoard()
        let staples = Stapling.isWanted(configuration, entries.map(\.domain))
        if staples {
            let now = RealTime.now
            let keeping = config.statusKeeping.start(from: (now / 1000 - TimeSlice.week) / 1000, to: now / 1_000_000)
            store.removeStatuses(before: keeping * 1_000_000)
        }
        if staples || entries.contains(where: \.domain.isWatched) {
            configuration.services.append(RenewalProcess.service)
        }
    }
    /// Without domains of ours the store may have challenges that `a2md` or another server put there.
    private static func answerChallengesOfOthers(_ configuration: Configuration, _ config: GlobalConfig) {
        guard let store = try? openStore(configuration, config) else { return }
        let settings = renewalSettings(configuration, config)
        configuration.mainServer[ManagedDomains.global].registry = Registry(store, config, settings, [])
    }
    private static func openStore(_ configuration: Configuration, _ config: GlobalConfig) throws(DirectiveError)
        -> Store
    {
        let path = configuration.serverRelative(config.storeDirectory)
        do throws(Store.Failure) {
            let store = try Store(path)
            let process = configuration.process
            try store.give(
                uid: UserName.uid(process.user) ?? Process.userID, gid: UserName.gid(process.group) ?? Process.groupID)
            return store
        } catch {
            throw DirectiveError("AH10046: setup store for \(path): \(error)")
        }
    }
    private static func renewalSettings(_ configuration: Configuration, _ config: GlobalConfig) -> RenewalSettings {
        var settings = RenewalSettings(userAgent: "\(configuration.banner) mod_md/\(ManagedDomains.version)")
        settings.proxy = config.proxy
        settings.certificatesFile = config.certificatesFile
        settings.activationDelay = config.activationDelay
        settings.retryFailover = config.retryFailover
        settings.dns01Command = config.dns01Command
        settings.dns01Version = config.dns01Version
        let ports = configuration.process.listens.map { Int($0.port) }
        settings.canHTTP = ports.contains(config.localHTTP)
        settings.canHTTPS = ports.contains(config.localHTTPS)
        return settings
    }

    // MARK: Settings

    private static func merged(
        _ configured: ConfiguredDomain, _ configuration: Configuration, _ config: GlobalConfig
    ) throws(DirectiveError) -> ManagedDomain {
        let main = configuration.mainServer!
        let settings = configured.settings.over(main[ManagedDomains.server].settings)
        var domain = ManagedDomain(configured.names)
        if let contact = settings.contact, !contact.isEmpty {
            domain.contacts = [URIWords.contact(contact)]
        } else if let admin = main.serverAdmin, admin != "[no address given]" {
            domain.contacts = [URIWords.contact(admin.string)]
        }
        domain.authorities = settings.authorities ?? [KnownAuthority.standard]
        domain.protocolName = settings.protocolName ?? "ACME"
        domain.agreement = settings.agreement
        domain.renewMode = settings.renewMode ?? .auto
        domain.renewWindow = settings.renewWindow ?? .renewal
        domain.warnWindow = settings.warnWindow ?? .warning
        domain.isTransitive = settings.isTransitive ?? true
        domain.challenges = settings.challenges ?? []
        domain.keys = settings.keys ?? []
        domain.requireHTTPS = settings.requireHTTPS ?? .off
        domain.binding = settings.binding
        domain.mustStaple = settings.mustStaple ?? false
        domain.stapling = settings.stapling ?? false
        domain.profile = settings.profile
        domain.isProfileMandatory = settings.isProfileMandatory ?? false
        domain.usesRenewalInfo = settings.usesRenewalInfo ?? true
        domain.dns01Command = settings.dns01Command
        domain.certificateFiles = configured.certificateFiles
        domain.keyFiles = configured.keyFiles
        guard domain.protocolName == "ACME" else {
            configuration.say(
                .error, ManagedDomains.log, "[\(domain.name)] uses unknown CA protocol '\(domain.protocolName ?? "")'")
            throw DirectiveError("AH10172: md[\(domain.name)]: error syncing to store")
        }
        if domain.isStatic || !domain.keyFiles.isEmpty { try checkFiles(domain) }
        return domain
    }
    private static func checkFiles(_ domain: ManagedDomain) throws(DirectiveError) {
        if domain.certificateFiles.isEmpty {
            throw DirectiveError(
                "AH10171: The Managed Domain '\(domain.name)' has MDCertificateKeyFile(s) but no MDCertificateFile.")
        }
        if domain.certificateFiles.count != domain.keyFiles.count {
            throw DirectiveError(
                "AH10170: The Managed Domain '\(domain.name)' needs one MDCertificateKeyFile for each MDCertificateFile."
            )
        }
    }
    private static func checkOverlaps(
        _ entries: [Registry.Entry], _ config: GlobalConfig, _ configuration: Configuration
    ) throws(DirectiveError) {
        for (index, entry) in entries.enumerated() {
            for earlier in 0..<index {
                guard let name = entry.domain.overlap(with: entries[earlier].domain) else { continue }
                let (second, first) = (config.domains[index], config.domains[earlier])
                throw DirectiveError(
                    "AH10038: two Managed Domains have an overlap in domain '\(name)', first definition in \(second.file)(line \(second.line)), second in \(first.file)(line \(first.line))"
                )
            }
        }
    }

    // MARK: Virtual hosts

    private static func link(_ entries: inout [Registry.Entry], _ configuration: Configuration, _ config: GlobalConfig)
    {
        var assigned: [Int: [Int]] = [:]
        for index in entries.indices {
            for server in configuration.servers where server.isVirtual || config.managesBaseServer {
                let name = (server.serverName ?? configuration.hostName).string
                guard let domain = entries[index].domain.domains.first(where: { matches(server, name, $0, config) })
                else { continue }
                if config.match == .serverNames, let other = assigned[server.number]?.first {
                    let isOtherWild = !entries[other].domain.domains.contains { DNSName.equal($0, name) }
                    let isWild = DNSName.isWildcard(domain)
                    if !isOtherWild, isWild { continue }
                    if isOtherWild, !isWild {
                        entries[other].servers.removeAll { $0 == server.number }
                        assigned[server.number] = []
                    }
                }
                assigned[server.number, default: []].append(index)
                entries[index].servers.append(server.number)
                addContact(&entries[index].domain, server)
            }
        }
    }
    private static func matches(_ server: Server, _ name: String, _ domain: String, _ config: GlobalConfig) -> Bool {
        if config.match == .serverNames || DNSName.isWildcard(domain) { return DNSName.matches(domain, name) }
        return VirtualHostTable.match([server], host: ByteString(domain), port: server.port) != nil
            || DNSName.equal(domain, name)
    }
    private static func addContact(_ domain: inout ManagedDomain, _ server: Server) {
        guard domain.contacts.isEmpty else { return }
        if let contact = server[ManagedDomains.server].settings.contact, !contact.isEmpty {
            domain.contacts.append(URIWords.contact(contact))
        } else if let admin = server.serverAdmin, admin != "[no address given]" {
            domain.contacts.append(URIWords.contact(admin.string))
        }
    }
    private static func checkDuplicates(_ entries: [Registry.Entry], _ configuration: Configuration)
        throws(DirectiveError)
    {
        for server in configuration.servers where server.usesTLS {
            let count = entries.count { $0.servers.contains(server.number) }
            guard count > 1 else { continue }
            throw DirectiveError(
                "AH10042: conflict: \(count) MDs match to SSL VirtualHost \(server.serverName ?? ""), there can at most be one."
            )
        }
    }

    // MARK: Store

    private static func activateStaged(
        _ entries: [Registry.Entry], _ store: Store, _ configuration: Configuration, _ config: GlobalConfig
    ) {
        for entry in entries {
            let name = entry.domain.name
            guard isComplete(name, store) else { continue }
            do throws(ACMEError) {
                guard try Activation.activate(name, store) else { continue }
                configuration.say(.info, ManagedDomains.log, "AH10068: \(name): staged set activated")
                Notification.installed(name, store, config, waits: true) {
                    configuration.say($0, ManagedDomains.log, $1)
                }
            } catch {
                configuration.say(
                    .error, ManagedDomains.log, "AH10069: \(name): error loading staged set, purging it: \(error)")
                store.purge(.staging, name)
                store.purge(.challenges, name)
            }
        }
    }
    /// Half-done renewals stay where they are: they go on.
    private static func isComplete(_ name: String, _ store: Store) -> Bool {
        let domain: ManagedDomain
        do throws(Store.Failure) {
            domain = try store.domain(.staging, name)
        } catch {
            // What cannot be read is found out, said and purged by who activates.
            return !error.isNotFound
        }
        return domain.keyKinds.allSatisfy {
            store.exists(.staging, name, $0.fileName("pubcert")) && store.exists(.staging, name, $0.fileName("privkey"))
        }
    }
    private static func finish(
        _ entry: inout Registry.Entry, _ store: Store, _ configuration: Configuration, _ config: GlobalConfig
    ) throws(DirectiveError) {
        let servers = configuration.servers.filter { entry.servers.contains($0.number) }
        let secure = servers.filter(\.usesTLS)
        for server in secure { cover(server, &entry.domain, configuration) }
        entry.domain.alpnDomains = entry.domain.domains.filter { name in
            secure.contains { server in
                server[Core.server].protocols.value?.contains("acme-tls/1") ?? false
                    && (VirtualHostTable.match([server], host: ByteString(name), port: server.port) != nil
                        || DNSName.matches(name, (server.serverName ?? "").string))
            }
        }
        let name = entry.domain.name
        if secure.isEmpty, entry.domain.requireHTTPS != .off {
            configuration.say(
                .warning, ManagedDomains.log,
                "AH10105: MD \(name) does not match any VirtualHost with 'SSLEngine on', but is configured to require https. This cannot work."
            )
        }
        if servers.isEmpty, entry.domain.renewMode != .always {
            configuration.say(
                .warning, ManagedDomains.log, "AH10045: No VirtualHost matches Managed Domain \(name)")
        }
        if entry.domain.isStatic, entry.domain.renewMode == .auto { entry.domain.renewMode = .manual }
        do throws(Store.Failure) {
            entry = try StoreSync.finish(entry, store)
        } catch {
            throw DirectiveError("AH10172: md[\(name)]: error syncing to store: \(error)")
        }
    }
    /// Names of the virtual host join the domain, or are warned about.
    private static func cover(_ server: Server, _ domain: inout ManagedDomain, _ configuration: Configuration) {
        for name in [server.serverName ?? configuration.hostName] + server.aliases
        where !domain.contains(name.string) {
            if domain.isTransitive {
                domain.domains.append(name.string)
            } else {
                configuration.say(
                    .warning, ManagedDomains.log,
                    "AH10040: Virtual Host \(server.serverName ?? ""):\(server.port) matches Managed Domain '\(domain.name)', but the name/alias \(name) itself is not managed. A requested MD certificate will not match ServerName."
                )
            }
        }
    }
    private static func watch(
        _ entries: inout [Registry.Entry], _ settings: RenewalSettings, _ configuration: Configuration
    ) {
        for index in entries.indices {
            let domain = entries[index].domain
            guard domain.state != .error, domain.renewMode != .auto || !entries[index].servers.isEmpty else { continue }
            entries[index].domain.isWatched = true
            guard domain.willRenew, let fault = Renewal.fault(domain, settings) else { continue }
            configuration.say(.error, ManagedDomains.log, "AH10173: md[\(domain.name)]: \(fault)")
        }
    }
}
