// Apache: modules/ssl/ssl_engine_config.c

import Bytes
import CTLS
import ConfigLanguage
import Expressions
import Kernel
import Modules
import ServerCore

/// What the directives do with their arguments.
enum TLSDirectives {
    // MARK: - Files

    /// A file that is there and not empty (ssl_cmd_check_file).
    static func file(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) -> ByteString {
        let path = context.serverRelative(word)
        guard let status = try? FileStatus(path), status.isRegular, status.size > 0 else {
            throw DirectiveError("\(context.directive): file '\(path)' does not exist or is empty")
        }
        return path
    }
    static func directory(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) -> ByteString {
        let path = context.serverRelative(word)
        guard let status = try? FileStatus(path), status.kind == .directory else {
            throw DirectiveError("\(context.directive): directory '\(path)' does not exist")
        }
        return path
    }
    static func onlyForServer(_ context: DirectiveContext) throws(DirectiveError) {
        if context.path != nil || context.isHtaccess {
            throw DirectiveError("Your SSL library does not have support for per-directory CA")
        }
    }
    /// As atoi: what does not begin with a number is 0.
    static func natural(_ word: ByteString, _ complaint: String) throws(DirectiveError) -> Int {
        let value = word.leadingNumber.value ?? 0
        guard value >= 0 else { throw DirectiveError(complaint) }
        return value
    }

    // MARK: - The engine

    @Sendable static func engine(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        switch word.lowercased {
        case "on": context.server[TLS.server].isEnabled = .set(true)
        case "off": context.server[TLS.server].isEnabled = .set(false)
        case "optional":
            context.server[TLS.server].isEnabled = .set(false)
            context.warn("AH10510: 'SSLEngine optional' is no longer supported", .notice)
        default: throw DirectiveError("Argument must be On or Off")
        }
    }
    @Sendable static func fips(_ context: DirectiveContext, _ on: Bool) throws(DirectiveError) {
        try context.requireGlobal()
        if let before = context.server[TLS.server].fips.value, before != on {
            throw DirectiveError("Conflicting SSLFIPS options, cannot be both On and Off")
        }
        context.server[TLS.server].fips = .set(on)
    }
    @Sendable static func compression(_ context: DirectiveContext, _ on: Bool) throws(DirectiveError) {
        if on {
            throw DirectiveError(
                "This version of OpenSSL does not have any compression methods available, cannot enable SSLCompression."
            )
        }
        context.server[TLS.server].compression = .set(false)
    }
    @Sendable static func cryptoDevice(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        try context.requireGlobal()
        if word != "builtin" {
            throw DirectiveError("SSLCryptoDevice: Invalid argument; must be one of: 'builtin' (none)")
        }
    }
    /// Checked, and without effect: OpenSSL seeds itself from the kernel.
    @Sendable static func randomSeed(
        _ context: DirectiveContext, _ when: ByteString, _ source: ByteString, _ count: ByteString?
    ) throws(DirectiveError) {
        try context.requireGlobal()
        guard when == "startup" || when == "connect" else {
            throw DirectiveError("SSLRandomSeed: invalid context: `\(when)'")
        }
        if source == "builtin" {
            if count != nil {
                throw DirectiveError("SSLRandomSeed: byte specification not allowed for builtin seed source")
            }
            return
        }
        if source.hasPrefix("egd:"), source.count > 4 {
            throw DirectiveError(
                "Invalid SSLRandomSeed entropy source `\(source)': This version of OpenSSL does not support the Entropy Gathering Daemon (EGD)."
            )
        }
        var path = source
        for prefix: ByteString in ["file:", "exec:"] where source.hasPrefix(prefix) && source.count > 5 {
            path = source.from(5)
        }
        path = context.serverRelative(path)
        guard (try? FileStatus(path)) != nil else {
            throw DirectiveError("SSLRandomSeed: source path '\(path)' does not exist")
        }
        if let count, (count.leadingNumber.value ?? 0) < 0 {
            throw DirectiveError("SSLRandomSeed: invalid number of bytes specified")
        }
    }
    @Sendable static func passPhraseDialog(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        try context.requireGlobal()
        if word.count > 5, word.hasPrefix("exec:") {
            let path = context.serverRelative(word.from(5))
            guard (try? FileStatus(path)) != nil else {
                throw DirectiveError("SSLPassPhraseDialog: file '\(path)' does not exist")
            }
            context.server[TLS.server].passPhraseDialog = .set("exec:\(path)")
        } else if word == "builtin" || word.count > 1 && word.first == UInt8(ascii: "|") {
            context.server[TLS.server].passPhraseDialog = .set(word)
        } else {
            throw DirectiveError("SSLPassPhraseDialog: Invalid argument")
        }
    }
    @Sendable static func sniPolicy(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        try context.requireGlobal()
        guard let policy = SNIPolicy(rawValue: word) else {
            throw DirectiveError("Invalid SSLVhostSNIPolicy argument '\(word)'")
        }
        context.server[TLS.server].sniPolicy = .set(policy)
    }

    // MARK: - Protocols and ciphers

    @Sendable static func protocols(_ context: DirectiveContext, _ line: ByteString) throws(DirectiveError) {
        context.server[TLS.server].versions = .set(try versions(context, line))
    }
    /// What `SSLProtocol` and `SSLProxyProtocol` allow.
    static func versions(_ context: DirectiveContext, _ line: ByteString) throws(DirectiveError) -> TLSVersions {
        var versions: TLSVersions = []
        for word in line.argumentWords {
            var name = word
            let sign = word.first.flatMap { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") ? $0 : nil }
            if sign != nil { name = word.from(1) }
            let this: TLSVersions
            switch name.lowercased {
            case "sslv2":
                if sign == UInt8(ascii: "-") { continue }
                throw DirectiveError("SSLProtocol: SSLv2 is no longer supported")
            case "sslv3":
                if sign == UInt8(ascii: "-") { continue }
                throw DirectiveError("SSLv3 not supported by this version of OpenSSL")
            case "all": this = .all
            default:
                guard let found = TLSVersions.numbers.first(where: { $0.name.equalsIgnoringCase(name) }) else {
                    throw DirectiveError("\(context.directive): Illegal protocol '\(name)'")
                }
                this = found.version
            }
            switch sign {
            case UInt8(ascii: "-"): versions.subtract(this)
            case UInt8(ascii: "+"): versions.formUnion(this)
            default:
                if !versions.isEmpty {
                    context.warn(
                        "AH02532: \(context.directive): Protocol '\(name)' overrides already set parameter(s). Check if a +/- prefix is missing."
                    )
                }
                versions = this
            }
        }
        return versions
    }
    @Sendable static func cipherSuite(
        _ context: DirectiveContext, _ first: ByteString, _ second: ByteString?
    ) throws(DirectiveError) {
        let (kind, list) = second.map { (first, $0) } ?? ("SSL", first)
        let inDirectory = context.path != nil || context.isHtaccess
        switch kind {
        case "SSL":
            let whole = list + ":!aNULL:!eNULL:!EXP"
            if inDirectory {
                context[TLS.directory].cipherSuite = .set(whole)
            } else {
                context.server[TLS.server].cipherSuite = .set(whole)
            }
        case "TLSv1.3":
            if inDirectory { throw DirectiveError("TLSv1.3 ciphers cannot be set inside a directory context") }
            context.server[TLS.server].suites = .set(list)
        default: throw DirectiveError("protocol '\(kind)' not supported")
        }
    }
    @Sendable static func openSSLCommand(
        _ context: DirectiveContext, _ name: ByteString, _ value: ByteString
    ) throws(DirectiveError) {
        guard TLSContext.knowsCommand(name) else {
            throw DirectiveError("'\(name)': invalid OpenSSL configuration command")
        }
        let whole = name == "CipherString" ? value + ":!aNULL:!eNULL:!EXP" : value
        context.server[TLS.server].commands.append(.init(name: name, value: whole))
    }

    // MARK: - Client certificates

    @Sendable static func verifyClient(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        let mode: VerifyMode
        switch word {
        case "none", "off": mode = .none
        case "optional": mode = .optional
        case "require", "on": mode = .require
        case "optional_no_ca": mode = .optionalNoCA
        default: throw DirectiveError("\(context.directive): Invalid argument '\(word)'")
        }
        if context.path != nil || context.isHtaccess {
            context[TLS.directory].verifyClient = .set(mode)
        } else {
            context.server[TLS.server].verifyClient = .set(mode)
        }
    }
    @Sendable static func verifyDepth(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        let depth = try natural(word, "\(context.directive): Invalid argument '\(word)'")
        if context.path != nil || context.isHtaccess {
            context[TLS.directory].verifyDepth = .set(depth)
        } else {
            context.server[TLS.server].verifyDepth = .set(depth)
        }
    }
    @Sendable static func revocationCheck(_ context: DirectiveContext, _ line: ByteString) throws(DirectiveError) {
        context.server[TLS.server].revocationCheck = .set(try revocationMode(context, line))
    }
    static func revocationMode(
        _ context: DirectiveContext, _ line: ByteString
    ) throws(DirectiveError) -> TLSServerConfig.RevocationCheck {
        var check = TLSServerConfig.RevocationCheck()
        for (index, word) in line.argumentWords.enumerated() {
            switch (index, word) {
            case (0, "none"): check.mode = .none
            case (0, "leaf"): check.mode = .leaf
            case (0, "chain"): check.mode = .chain
            case (1..., "no_crl_for_cert_ok"): check.allowsMissing = true
            default: throw DirectiveError("\(context.directive): Invalid argument '\(word)'")
            }
        }
        return check
    }

    // MARK: - Caches

    private static func cache(
        _ word: ByteString, _ context: DirectiveContext, allowsNone: Bool
    ) throws(DirectiveError) -> SessionCacheChoice {
        if allowsNone, word == "none" { return .none }
        if allowsNone, word == "nonenotnull" { return .external }
        let colon = word.firstIndex(of: UInt8(ascii: ":"))
        let name = word.upTo(colon ?? word.count)
        let argument = colon.map { word.from($0 + 1) } ?? ""
        guard name == "shmcb", context.configuration.isLoaded("socache_shmcb_module") else {
            throw DirectiveError(
                "'\(name)' session cache not supported (known names: \(context.configuration.isLoaded("socache_shmcb_module") ? "shmcb" : "")). Maybe you need to load the appropriate socache module (mod_socache_\(name)?)."
            )
        }
        var path = argument
        var size = 512_000
        if let open = argument.firstIndex(of: UInt8(ascii: "(")) {
            guard argument.last == UInt8(ascii: ")"), let number = argument[open + 1..<argument.count - 1].decimal
            else {
                throw DirectiveError(
                    "Invalid argument: no closing parenthesis or cache size missing after pathname with parenthesis")
            }
            guard number >= 8192 else { throw DirectiveError("Invalid argument: size has to be >= 8192 bytes") }
            path = argument.upTo(open)
            size = number
        }
        return .shared(path: context.configuration.runtimeRelative(path), size: size)
    }
    @Sendable static func sessionCache(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        try context.requireGlobal()
        do throws(DirectiveError) {
            context.server[TLS.server].sessionCache = .set(try cache(word, context, allowsNone: true))
        } catch { throw DirectiveError("SSLSessionCache: \(error.message)") }
    }
    @Sendable static func staplingCache(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        try context.requireGlobal()
        do throws(DirectiveError) {
            context.server[TLS.server].staplingCache = .set(try cache(word, context, allowsNone: false))
        } catch { throw DirectiveError("SSLStaplingCache: \(error.message)") }
    }

    // MARK: - In directories

    @Sendable static func options(_ context: DirectiveContext, _ line: ByteString) throws(DirectiveError) {
        var config = context[TLS.directory]
        var isFirst = true
        for word in line.argumentWords {
            var name = word
            let sign = word.first.flatMap { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") ? $0 : nil }
            if sign != nil {
                name = word.from(1)
            } else if isFirst {
                config.options = .set([])
                isFirst = false
            }
            guard let option = TLSOptions.names.first(where: { $0.name == name })?.option else {
                throw DirectiveError("SSLOptions: Illegal option '\(name)'")
            }
            switch sign {
            case UInt8(ascii: "-"):
                config.added.subtract(option)
                config.removed.formUnion(option)
                if case .set(let now) = config.options { config.options = .set(now.subtracting(option)) }
            case UInt8(ascii: "+"):
                config.added.formUnion(option)
                config.removed.subtract(option)
                if case .set(let now) = config.options { config.options = .set(now.union(option)) }
            default:
                config.options = .set(option)
                config.added = option
                config.removed = []
            }
        }
        context[TLS.directory] = config
    }
    @Sendable static func require(_ context: DirectiveContext, _ line: ByteString) throws(DirectiveError) {
        let expression: Expression
        do throws(ExpressionError) {
            var flags: ExpressionFlags = [.sslCompatible]
            if context.isHtaccess { flags.formUnion([.restricted, .restrictedFileFunctions]) }
            expression = try Expression(line, flags: flags, lookup: context.configuration.expressionLookup)
        } catch { throw DirectiveError("SSLRequire: \(error.message)") }
        context[TLS.directory].requirements.append(.init(text: line, expression: expression))
    }
    @Sendable static func bufferSize(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        context[TLS.directory].bufferSize = .set(
            try natural(word, "Invalid size for SSLRenegBufferSize: \(word)"))
    }
}
