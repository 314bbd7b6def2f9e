// Apache: modules/md/mod_md_config.c (md_cmds: what there is once for the whole server)

import ACME
import Bytes
import ServerCore

extension ManagedDomains {
    static let globalRows: [Directive] = [
        Directive(
            "MDPortMap", .server,
            "Declare the mapped ports 80 and 443 on the local server. E.g. 80:8000 to indicate that the server port 8000 is reachable as port 80 from the internet. Use 80:- to indicate that port 80 is not reachable from the outside.",
            .take12 { context, first, second throws(DirectiveError) in
                try context.check(.outsideDomain)
                try PortMap.set(&context.global, first.string)
                if let second { try PortMap.set(&context.global, second.string) }
            }),
        .whole("MDHttpProxy", "URL of a HTTP(S) proxy to use for outgoing connections") {
            config, word throws(DirectiveError) in
            if let fault = URIWords.httpFault(word.string) { throw DirectiveError(fault) }
            config.proxy = word.string
        },
        .whole("MDStoreDir", "the directory for file system storage of managed domain data.") { config, word in
            config.storeDirectory = word
        },
        .raw("MDNotifyCmd", "Set the command to run when signup/renew of domain is complete.", .outsideDomain) {
            context, text in context.global.notifyCommand = text
        },
        .raw("MDMessageCmd", "Set the command run when a message about a domain is issued.", .outsideDomain) {
            context, text in context.global.messageCommand = text
        },
        .whole("MDBaseServer", "Allow managing of base server outside virtual hosts.") {
            config, word throws(DirectiveError) in config.managesBaseServer = try SettingWords.onOff(word)
        },
        .whole("MDChallengeDns01Version", "Set the type of arguments to call `MDChallengeDns01` with") {
            config, word throws(DirectiveError) in
            guard word == "1" || word == "2" else { throw DirectiveError("Only versions `1` and `2` are supported") }
            config.dns01Version = word == "2" ? 2 : 1
        },
        .whole("MDServerStatus", "On to see Managed Domains in server-status.", .anywhere) {
            config, word throws(DirectiveError) in config.hasServerStatus = try SettingWords.onOff(word)
        },
        .whole("MDCertificateStatus", "On to see Managed Domain expose /.httpd/certificate-status.", .anywhere) {
            config, word throws(DirectiveError) in config.hasCertificateStatus = try SettingWords.onOff(word)
        },
        Directive(
            "MDCertificateCheck", .server, "Set name and URL pattern for a certificate monitoring site.",
            .take2 { context, name, url throws(DirectiveError) in
                try context.check(.anywhere)
                context.global.checkerName = name.string
                context.global.checkerURL = url.string
            }),
        .whole("MDActivationDelay", "How long to delay activation of new certificates") {
            config, word throws(DirectiveError) in config.activationDelay = try SettingWords.duration(word, unit: "d")
        },
        Directive(
            "MDCACertificateFile", .server, "Set the CA file to use for connections",
            .take1 { context, word in
                context.global.certificatesFile =
                    word.equalsIgnoringCase("none") ? nil : context.serverRelative(word).string
            }),
        .whole("MDActivateOn", "Whether new certificates are used once they are there, or after the next restart.") {
            config, word throws(DirectiveError) in
            switch word.lowercased.string {
            case "renewal": config.activatesAtRestart = false
            case "restart": config.activatesAtRestart = true
            default: throw DirectiveError("unknown '\(word)', supported parameter values are 'renewal' and 'restart'")
            }
        },
        .whole("MDRetryDelay", "Time length for first retry, doubled on every consecutive error.") {
            config, word throws(DirectiveError) in
            let delay = try SettingWords.duration(word, unit: "s")
            guard delay > 0 else { throw DirectiveError("minimum delay must be greater than 0") }
            config.retryDelay = delay
        },
        .whole("MDRetryFailover", "The number of errors before a failover to another CA is triggered.") {
            config, word throws(DirectiveError) in
            let digits = word.bytes.prefix(while: ASCII.isDigit)
            guard let number = ByteString(digits).decimal, number > 0 else {
                throw DirectiveError("invalid argument, must be a number > 0")
            }
            config.retryFailover = number
        },
        .whole("MDStoreLocks", "Configure locking of store for updates.") { config, word throws(DirectiveError) in
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
        .whole("MDMatchNames", "Determines how DNS names are matched to vhosts.") {
            config, word throws(DirectiveError) in
            switch word.lowercased.string {
            case "all": config.match = .all
            case "servernames": config.match = .serverNames
            default: throw DirectiveError("invalid argument, must be a 'all' or 'servernames'")
            }
        },
        .whole("MDInitialDelay", "How long to delay the first certificate check.") {
            config, word throws(DirectiveError) in
            let delay = try SettingWords.duration(word, unit: "s")
            guard delay >= 0 else { throw DirectiveError("initial delay must not be negative") }
            config.initialDelay = delay
        },
        .whole("MDCheckInterval", "Time between certificate checks.") { config, word throws(DirectiveError) in
            let interval = try SettingWords.duration(word, unit: "s")
            guard interval >= 1000 else { throw DirectiveError("check interval cannot be less than one second") }
            config.checkInterval = interval
        },
    ]
}
