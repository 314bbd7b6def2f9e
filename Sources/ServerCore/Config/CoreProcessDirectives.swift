// Apache: server/core.c, server/listen.c, server/mpm_common.c, server/mpm/event/event.c, modules/arch/unix/mod_unixd.c

import Bytes
import ConfigLanguage
import Kernel

/// Settings of the whole server: processes, files, listening.
enum CoreProcessDirectives {
    static let rows: [Directive] = [
        global(
            "ServerTokens",
            "Determine tokens displayed in the Server: header - Min(imal), Major, Minor, Prod(uctOnly), OS, or Full"
        ) {
            context, word throws(DirectiveError) in
            context.configuration.process.serverTokens = try CoreDirectives.choice(
                word,
                [
                    "os": .os, "min": .minimal, "minimal": .minimal, "major": .major, "minor": .minor,
                    "prod": .productOnly, "productonly": .productOnly, "full": .full,
                ], "ServerTokens takes 1 argument: 'Prod(uctOnly)', 'Major', 'Minor', 'Min(imal)', 'OS', or 'Full'")
        },
        Directive(
            "Mutex", .server, "mutex (or \"default\") and mechanism", .rawArgs(mutex)),
        global("ScoreBoardFile", "A file for Apache to maintain runtime process management information") {
            context, word in
            context.configuration.process.scoreBoardFile = word
        },
        Directive(
            "ExtendedStatus", .server, "\"On\" to track extended status information, \"Off\" to disable",
            .flag { context, on throws(DirectiveError) in
                try context.requireGlobal()
                context.configuration.process.extendedStatus = on
            }),
        Directive(
            "SeeRequestTail", .server,
            "For extended status, \"On\" to see the last 63 chars of the request line, \"Off\" (default) to see the first 63",
            .flag { context, on throws(DirectiveError) in
                try context.requireGlobal()
                context.configuration.process.seeRequestTail = on
            }),
        global("PidFile", "A file for logging the server process ID") { context, word in
            context.configuration.process.pidFile = word
        },
        global(
            "MaxRequestsPerChild",
            "Maximum number of connections a particular child serves before dying. (DEPRECATED, use MaxConnectionsPerChild)"
        ) {
            context, word in
            context.configuration.process.maxConnectionsPerChild = leadingNumber(word)
        },
        global("MaxConnectionsPerChild", "Maximum number of connections a particular child serves before dying.") {
            context, word in context.configuration.process.maxConnectionsPerChild = leadingNumber(word)
        },
        global("CoreDumpDirectory", "The location of the directory Apache changes to before dumping core") {
            context, word throws(DirectiveError) in
            let path = context.serverRelative(word)
            guard (try? FileStatus(path))?.kind == .directory else {
                throw DirectiveError("CoreDumpDirectory \(path) does not exist or is not a directory")
            }
            context.configuration.process.coreDumpDirectory = path
        },
        global("MaxMemFree", "Maximum number of 1k blocks a particular child's allocator may hold.") {
            context, word throws(DirectiveError) in
            _ = try CoreServerDirectives.number(word, 0...Int.max, "Invalid MaxMemFree value: \(word)")
        },
        global("ThreadStackSize", "Size in bytes of stack used by threads handling client connections") {
            context, word throws(DirectiveError) in
            _ = try CoreServerDirectives.number(word, 0...Int.max, "Invalid ThreadStackSize value: \(word)")
        },
    ]

    /// What every MPM has (mpm_common.h, listen.c).
    static let mpmRows: [Directive] = [
        Directive(
            "Listen", .server, "A port number or a numeric IP address and a port number, and an optional protocol",
            .takeArgv(listen)),
        global("ListenBacklog", "Maximum length of the queue of pending connections, as used by listen(2)") {
            context, word throws(DirectiveError) in
            context.configuration.process.listenBacklog = try CoreServerDirectives.number(
                word, 1...Int(Int32.max), "ListenBacklog must be > 0")
        },
        global("ListenTCPDeferAccept", "Value set for the socket option TCP_DEFER_ACCEPT if it is set") {
            context, word throws(DirectiveError) in
            context.configuration.process.deferAccept = try CoreServerDirectives.number(
                word, 1...Int(Int32.max), "ListenTCPDeferAccept must be > 0")
        },
        global(
            "ListenCoresBucketsRatio",
            "Ratio between the number of CPU cores (online) and the number of listeners buckets"
        ) {
            context, word throws(DirectiveError) in
            _ = try CoreServerDirectives.number(word, 0...Int(Int32.max), "ListenCoresBucketsRatio must be >= 0")
        },
        global("SendBufferSize", "Send buffer size in bytes") { context, word throws(DirectiveError) in
            context.configuration.process.sendBufferSize = try CoreServerDirectives.number(
                word, 0...Int(Int32.max), "SendBufferSize must be >= 512 bytes, or 0 for system default.")
        },
        global("ReceiveBufferSize", "Receive buffer size in bytes") { context, word throws(DirectiveError) in
            context.configuration.process.receiveBufferSize = try CoreServerDirectives.number(
                word, 0...Int(Int32.max), "ReceiveBufferSize must be >= 512 bytes, or 0 for system default.")
        },
        global(
            "GracefulShutdownTimeout",
            "Maximum time in seconds to wait for child processes to complete transactions during shutdown"
        ) {
            context, word in context.configuration.process.gracefulShutdownTimeout = leadingNumber(word)
        },
    ]
    /// worker.c
    static let workerRows: [Directive] =
        mpmRows + [
            global("StartServers", "Number of child processes launched at server startup") { context, word in
                context.configuration.process.startServers = leadingNumber(word)
            },
            global("ServerLimit", "Maximum number of child processes for this run of Apache") { context, word in
                context.configuration.process.serverLimit = leadingNumber(word)
            },
            global("MaxRequestWorkers", "Maximum number of threads alive at the same time") { context, word in
                context.configuration.process.maxRequestWorkers = leadingNumber(word)
            },
            global("MaxClients", "Deprecated name of MaxRequestWorkers") { context, word in
                context.configuration.process.maxRequestWorkers = leadingNumber(word)
            },
            global("MinSpareThreads", "Minimum number of idle threads, to handle request spikes") { context, word in
                context.configuration.process.minSpareThreads = leadingNumber(word)
            },
            global("MaxSpareThreads", "Maximum number of idle threads") { context, word in
                context.configuration.process.maxSpareThreads = leadingNumber(word)
            },
            global("ThreadsPerChild", "Number of threads each child creates") { context, word in
                context.configuration.process.threadsPerChild = leadingNumber(word)
            },
            global(
                "ThreadLimit",
                "Maximum number of worker threads per child process for this run of Apache - Upper limit for ThreadsPerChild"
            ) {
                context, word in context.configuration.process.threadLimit = leadingNumber(word)
            },
        ]
    /// event.c
    static let eventRows: [Directive] =
        workerRows + [
            global("AsyncRequestWorkerFactor", "How many additional connects will be accepted per idle worker thread") {
                context, word throws(DirectiveError) in
                guard let value = Double(word.string), value >= 0 else {
                    throw DirectiveError("AsyncRequestWorkerFactor argument must be a positive number")
                }
                context.configuration.process.asyncRequestWorkerFactor = value
            }
        ]
    /// prefork.c
    static let preforkRows: [Directive] =
        mpmRows + [
            global("StartServers", "Number of child processes launched at server startup") { context, word in
                context.configuration.process.startServers = leadingNumber(word)
            },
            global("ServerLimit", "Maximum value of MaxRequestWorkers for this run of Apache") { context, word in
                context.configuration.process.serverLimit = leadingNumber(word)
            },
            global("MaxRequestWorkers", "Maximum number of children alive at the same time") { context, word in
                context.configuration.process.maxRequestWorkers = leadingNumber(word)
            },
            global("MaxClients", "Deprecated name of MaxRequestWorkers") { context, word in
                context.configuration.process.maxRequestWorkers = leadingNumber(word)
            },
            global("MinSpareServers", "Minimum number of idle children, to handle request spikes") { context, word in
                context.configuration.process.minSpareServers = leadingNumber(word)
            },
            global("MaxSpareServers", "Maximum number of idle children") { context, word in
                context.configuration.process.maxSpareServers = leadingNumber(word)
            },
        ]

    /// modules/arch/unix/mod_unixd.c
    static let unixdRows: [Directive] = [
        global("User", "Effective user id for this server") { context, word throws(DirectiveError) in
            context.configuration.process.user = word
            guard let uid = UserName.uid(word) else {
                throw DirectiveError(
                    fatal: "AH00543: \(context.configuration.commandLine.program): bad user name \(word)")
            }
            if uid == 0 { throw DirectiveError(notAsRoot) }
        },
        global("Group", "Effective group id for this server") { context, word throws(DirectiveError) in
            context.configuration.process.group = word
            guard UserName.gid(word) != nil else {
                throw DirectiveError(
                    fatal: "AH00544: \(context.configuration.commandLine.program): bad group name \(word)")
            }
        },
        global("ChrootDir", "The directory to chroot(2) into") { context, word throws(DirectiveError) in
            guard (try? FileStatus(word))?.kind == .directory else {
                throw DirectiveError("ChrootDir must be a valid directory")
            }
            context.configuration.process.chrootDirectory = word
        },
        Directive(
            "Suexec", .server, "Enable or disable suEXEC support",
            .flag { _, on throws(DirectiveError) in
                if on { throw DirectiveError("suEXEC is not supported: give each site's PHP a pool with its own user") }
            }),
    ]

    /// `User root`, in mod_unixd's words.
    private static let notAsRoot = """
        Error:\tApache has not been designed to serve pages while
        \trunning as root.  There are known race conditions that
        \twill allow any local user to read any file on the system.
        \tIf you still desire to serve pages as root then
        \tadd -DBIG_SECURITY_HOLE to the CFLAGS env variable
        \tand then rebuild the server.
        \tIt is strongly suggested that you instead modify the User
        \tdirective in your httpd.conf file to list a non-root
        \tuser.

        """

    /// A directive with one word that belongs to the whole server.
    private static func global(
        _ name: StaticString, _ usage: StaticString,
        _ set: @escaping @Sendable (DirectiveContext, ByteString) throws(DirectiveError) -> Void
    ) -> Directive {
        Directive(
            name, .server, usage,
            .take1 { context, word throws(DirectiveError) in
                try context.requireGlobal()
                try set(context, word)
            })
    }
    /// As C's `atoi`.
    static func leadingNumber(_ word: ByteString) -> Int {
        let negative = word.first == UInt8(ascii: "-")
        let digits = ByteString(
            word.bytes.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }.prefix(while: ASCII.isDigit))
        let value = min(digits.decimal ?? 0, Int(Int32.max))
        return negative ? -value : value
    }

    /// Names and mechanisms are checked as in Apache; there are no locks between processes here that they could set
    /// (server/util_mutex.c ap_set_mutex).
    @Sendable static func mutex(_ context: DirectiveContext, _ text: ByteString) throws(DirectiveError) {
        try context.requireGlobal()
        let mechanisms =
            "Mutex mechanisms are: 'none', 'default', 'flock:/path/to/file', 'fcntl:/path/to/file', 'file:/path/to/file', 'pthread', 'sysvsem', 'posixsem', 'sem'"
        let words = text.argumentWords
        guard let first = words.first else {
            throw DirectiveError("Mutex requires at least a mechanism argument (\(mechanisms))")
        }
        let name = first.split(on: UInt8(ascii: ":"))[0].lowercased
        let known: Set<ByteString> = [
            "none", "no", "default", "yes", "flock", "fcntl", "file", "pthread", "sysvsem", "posixsem", "sem",
        ]
        guard known.contains(name) else { throw DirectiveError("Invalid Mutex argument \(first) (\(mechanisms))") }
        if name.count < first.count, ["flock", "fcntl", "file"].contains(name) {
            let directory = context.configuration.runtimeRelative(first.from(name.count + 1))
            guard (try? FileStatus(directory))?.kind == .directory else {
                throw DirectiveError("Invalid Mutex directory in argument \(first)")
            }
        }
        let types: Set<ByteString> = [
            "default", "mpm-accept", "rewrite-map", "watchdog-callback", "proxy", "proxy-balancer-shm",
            "authdigest-client",
            "authdigest-opaque", "authn-socache", "cache-socache", "ldap-cache", "lua-ivm-shm", "ssl-cache",
            "ssl-stapling", "ssl-stapling-refresh",
        ]
        for type in words.dropFirst() where !type.equalsIgnoringCase("omitpid") && !types.contains(type) {
            throw DirectiveError("Mutex type \(type) is not valid")
        }
    }

    /// `[address:]port [protocol]` (server/listen.c ap_set_listener).
    @Sendable static func listen(_ context: DirectiveContext, _ words: [ByteString]) throws(DirectiveError) {
        try context.requireGlobal()
        guard (1...2).contains(words.count) else { throw DirectiveError("Listen requires 1 or 2 arguments.") }
        let word = words[0]
        var hostText: ByteString?
        var portText = word
        if !word.bytes.allSatisfy(ASCII.isDigit) {
            guard let (host, port) = splitHostPort(word) else { throw DirectiveError("Invalid address or port") }
            guard let port else { throw DirectiveError("Port must be specified") }
            hostText = host
            portText = port
        }
        guard let number = portText.decimal, (1...65535).contains(number) else {
            throw DirectiveError("Invalid address or port")
        }
        var listen = Listen(address: nil, port: UInt16(number), scheme: nil, text: word, location: context.location)
        if let hostText, hostText != "*" {
            if let address = SocketAddress(hostText, port: UInt16(number)) {
                listen.address = address
            } else if let address = (try? Resolver.addresses(of: hostText, port: UInt16(number)))?.first {
                listen.address = address
            } else {
                throw DirectiveError("alloc_listener: failed to set up sockaddr for \(hostText)")
            }
        }
        listen.scheme = words.count == 2 ? words[1].lowercased : number == 443 ? "https" : "http"
        if context.configuration.process.listens.contains(where: {
            $0.address == listen.address && $0.port == listen.port
        }) {
            throw DirectiveError("Cannot define multiple Listeners on the same IP:port")
        }
        context.configuration.process.listens.append(listen)
    }
}

/// `User` and `Group` take names or `#number`s (server/util.c ap_uname2id).
public enum UserName {
    public static func uid(_ name: ByteString) -> UInt32? {
        name.first == UInt8(ascii: "#") ? number(name) : Users.user(name)?.uid
    }
    public static func gid(_ name: ByteString) -> UInt32? {
        name.first == UInt8(ascii: "#") ? number(name) : Users.group(name)
    }
    private static func number(_ name: ByteString) -> UInt32? {
        name.from(1).decimal.map { UInt32(truncatingIfNeeded: $0) }
    }
}

extension Core {
    public static let eventMPM = ModuleDefinition("event", .core, directives: CoreProcessDirectives.eventRows)
    public static let preforkMPM = ModuleDefinition("prefork", .core, directives: CoreProcessDirectives.preforkRows)
    public static let workerMPM = ModuleDefinition("worker", .core, directives: CoreProcessDirectives.workerRows)
    public static let unixd = ModuleDefinition(
        "unixd", .arch, isStatic: true, directives: CoreProcessDirectives.unixdRows)
}
