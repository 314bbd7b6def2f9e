// PHP: sapi/fpm/tests/config-array*.phpt, bug68391.phpt and others
import Bytes
import Kernel
import Testing

@testable import FPM

/// Texts that `Tests/FPM/configurations` compares with php-fpm are not repeated here: this is about what becomes of values.
@Suite struct ConfigTests {
    private static let pool = "[www]\nuser = 33\nlisten = 9000\npm = static\npm.max_children = 2\n"

    /// Reads a text in a directory of its own, with a log that nobody sees.
    private func load(
        _ text: String, _ change: (inout StartOptions) -> Void = { _ in }, also files: [String: String] = [:]
    ) throws -> FPMConfig? {
        let directory: ByteString = "/tmp/fpm-config-\(Process.id)-\(UInt32.random(in: 0 ... .max))"
        try Directory.make(directory)
        defer {
            for entry in (try? Directory.entries(directory)) ?? [] { try? File.unlink("\(directory)/\(entry.name)") }
            try? Directory.remove(directory)
        }
        for (name, text) in files { try File.writeWhole("\(directory)/\(name)", Array(text.utf8)) }
        var options = StartOptions()
        options.configFile = "\(directory)/fpm.conf"
        options.prefix = directory
        change(&options)
        try File.writeWhole("\(directory)/fpm.conf", Array(text.utf8))
        let log = ErrorLog()
        let quiet = try File.open("/dev/null", .writeOnly)
        log.descriptor = quiet.raw
        log.target = .file
        log.isStarted = true
        return FPMConfig.load(options, for: .check, log)
    }

    @Test func defaults() throws {
        let config = try #require(try load(Self.pool))
        let pool = try #require(config.pools.first)
        #expect(config.global.logLimit == 1024 && config.global.logBuffering && config.global.logLevel == .notice)
        #expect(config.global.systemdInterval == 10_000 && config.global.syslogFacility == 24)
        #expect(pool.limitExtensions == [".php", ".phar"] && pool.requestSlowlogTraceDepth == 20)
        #expect(pool.accessFormat == "%R - %u %t \"%m %r\" %s" && pool.pingResponse == "pong")
        #expect(pool.maxSpawnRate == 32 && pool.processIdleTimeout == 10 && pool.listenBacklog == -1)
        #expect(pool.clearEnv && pool.decorateWorkersOutput && !pool.catchWorkersOutput && pool.queueTimeout == 0)
    }

    @Test(arguments: [
        ("0", 0), ("2", 2000), ("2s", 2000), ("250ms", 250), ("1m", 60_000), ("99999999999s", 2_147_483_000),
        ("-1", -1), ("x", -1), ("1h", -1), ("", -1), ("+5", -1),
    ]) func queueTimeout(text: String, expected: Int) throws {
        let config = try load(Self.pool + "pm.queue_timeout = \(text)\n")
        #expect((config?.pools.first?.queueTimeout ?? -1) == expected)
    }

    @Test func emptyTextsAreNone() throws {
        let pool = try load(Self.pool + "chroot =\nchdir =\nping.path =\ngroup =\nsecurity.limit_extensions =\n")?.pools
            .first
        #expect(pool != nil && pool?.chroot == nil && pool?.chdir == nil && pool?.pingPath == nil && pool?.group == nil)
        #expect(pool?.limitExtensions == [])
    }

    @Test func poolsOfStatusAddresses() throws {
        let config = try #require(
            try load(
                Self.pool + "pm.status_listen = 9001\nping.path = /p\n[b]\nuser = 33\nlisten = 9002\npm = static\n"
                    + "pm.max_children = 1\n"))
        #expect(config.pools.map(\.name) == ["www", "b", "www_status"])
        let status = config.pools[2]
        #expect(status.statusOf == "www" && status.pm == .ondemand && status.maxChildren == 2)
        #expect(status.statusPath == "/" && config.pools[0].statusPath == "/" && status.pingPath == "/p")
        #expect(status.listen == "9001" && status.user == "33")
    }

    @Test func arraysAreInTheOrderTheyAreApplied() throws {
        let pool = try load(
            Self.pool
                + "php_value[a] = 1\nphp_flag[b] = on\nphp_admin_value[c] = $pool\nphp_admin_flag[d] = no\nenv[E] = $F\n"
        )?.pools.first
        #expect(pool?.phpValues == [KeyValue("b", "1"), KeyValue("a", "1")])
        #expect(pool?.phpAdminValues == [KeyValue("d", "0"), KeyValue("c", "www")])
        #expect(pool?.env == [KeyValue("E", "$F")])
    }

    @Test func includesAndPrefixes() throws {
        let config = try load(
            "include = *.pool\n[global]\npid = x.pid\nerror_log = x.log\n",
            also: ["b.pool": "[b]\nuser=33\nlisten=b.sock\npm=static\npm.max_children=1\n", "a.pool": Self.pool])
        #expect(config?.pools.map(\.name) == ["www", "b"])
        #expect(config?.pools.last?.listen?.hasSuffix("/b.sock") == true)
        #expect(config?.global.pid?.hasSuffix("/x.pid") == true && config?.global.pid?.first == 47)
        #expect(config?.global.errorLog.hasSuffix("/x.log") == true)
    }

    @Test func theCommandLineWins() throws {
        let config = try load("[global]\ndaemonize = yes\n" + Self.pool) {
            $0.daemonize = false
            $0.pid = "/run/x.pid"
        }
        #expect(config?.global.daemonize == false && config?.global.pid == "/run/x.pid")
    }
}

@Suite struct PathRulesTests {
    @Test(
        arguments: [
            ("/a", nil, nil, "/a"), ("a", nil, nil, "/usr/a"), ("a", "/p", nil, "/p/a"), ("a", "/p", "/q", "/q/a"),
            ("a", "/p", "q", "/p/q/a"), ("a", nil, "", "/a"), ("", nil, nil, "/usr/"),
        ] as [(ByteString, ByteString?, ByteString?, ByteString)])
    func fullPaths(path: ByteString, prefix: ByteString?, pool: ByteString?, expected: ByteString) {
        #expect(PathRules(prefix: prefix).full(path, poolPrefix: pool) == expected)
    }
    @Test(
        arguments: [
            ("$prefix", "/q"), ("$prefix/x", "/q//x"), ("a$prefix", nil), ("a", "/q/a"), ("/$prefix", "/$prefix"),
        ] as [(ByteString, ByteString?)])
    func prefixes(path: ByteString, expected: ByteString?) {
        #expect(PathRules(prefix: nil).expanding(path, poolPrefix: "/q") == expected)
    }
    @Test(
        arguments: [
            ("$pool", "www"), ("a$pool.b$pool", "awww.bwww"), ("$poo", "$poo"), ("", ""), ("$$pool", "$www"),
        ] as [(ByteString, ByteString)])
    func poolNames(text: ByteString, expected: ByteString) {
        #expect(expandingPool(text, "www") == expected)
        #expect(expandingPool(text, nil) == (text.contains("$pool") ? nil : text))
    }
}

@Suite struct SystemdNoticeTests {
    @Test(arguments: [(15_000, "15"), (1500, "1.5"), (12_345, "12.3"), (123_456, "123"), (1001, "1"), (1010, "1.01")])
    func seconds(milliseconds: Int, expected: String) {
        #expect(SystemdNotice.seconds(milliseconds) == expected)
    }
}
