import ACME
import Bytes
import Kernel
import Testing

@Suite struct TimeSliceTests {
    @Test(arguments: [
        ("33%", "33%"), ("10", "10d"), ("10d", "10d"), ("5h", "5h"), ("24h", "1d"), ("90mi", "90mi"), ("7s", "7s"),
        ("100ms", "100ms"), ("0", "0d"),
    ])
    func readsAndWrites(_ text: String, _ written: String) throws { #expect(try TimeSlice(text).text == written) }

    @Test(arguments: ["", "x", "10x", "10m", "-5%", "%", "99999999999999999999d"])
    func refuses(_ text: String) { #expect(throws: TimeSlice.FormatError.self) { try TimeSlice(text) } }

    @Test func start() throws {
        #expect(try TimeSlice("33%").start(from: 0, to: 1000) == 670)
        #expect(try TimeSlice("10s").start(from: 0, to: 1000) == 990)
    }
}

@Suite struct DNSNameTests {
    @Test(arguments: [
        ("a.example", true), ("a", false), ("a.example.", true), ("a..b", false), ("", false), ("a b.c", false),
        ("*.a.example", false), ("a_b.example", false),
    ])
    func names(_ name: String, _ isName: Bool) { #expect(DNSName.isName(name) == isName) }

    @Test(arguments: [
        ("a.example", "A.Example", true), ("*.example", "a.example", true), ("*.example", "a.b.example", false),
        ("*.example", "example", false), ("*.a.example", "*.A.example", true),
    ])
    func matches(_ pattern: String, _ name: String, _ does: Bool) {
        #expect(DNSName.matches(pattern, name) == does)
    }
    @Test func minimal() {
        #expect(DNSName.minimal(["a.x", "*.x", "x"]) == ["*.x", "x"])
    }
}

@Suite struct ManagedDomainTests {
    @Test func survivesItsFile() throws {
        var domain = ManagedDomain(["a.example", "b.example", "A.example"])
        domain.contacts = ["mailto:a@b.example"]
        domain.keys = [.rsa(bits: 3072), .curve("secp384r1")]
        domain.authorities = ["https://ca.example/dir"]
        domain.authority = "https://ca.example/dir"
        domain.requireHTTPS = .permanent
        domain.challenges = ["http-01"]
        domain.renewMode = .always
        domain.state = .complete
        #expect(domain.domains == ["a.example", "b.example"])
        let read = try #require(ManagedDomain(try JSON(domain.json.text(indented: true))))
        #expect(read == domain)
        #expect(read.keyKinds.map { $0.fileName("privkey") } == ["privkey.pem", "privkey.secp384r1.pem"])
    }
}

@Suite struct StoreTests {
    private func withStore(_ body: (Store) throws -> Void) throws {
        let path = ByteString("\(Environment.get("TMPDIR") ?? "/tmp")/acme-store.\(Process.id).\(try Random.bytes(4))")
            .filter { $0 != 32 && $0 != 91 && $0 != 93 && $0 != 44 }
        defer { removeAll(ByteString(path)) }
        try body(try Store(ByteString(path)))
    }
    private func removeAll(_ path: ByteString) {
        for entry in (try? Directory.entries(path)) ?? [] where entry.name != "." && entry.name != ".." {
            let inner = path + "/" + entry.name
            if entry.kind == .directory { removeAll(inner) } else { try? File.unlink(inner) }
        }
        try? Directory.remove(path)
    }
    private func mode(_ path: ByteString) -> UInt32? { (try? FileStatus(path))?.mode }

    @Test func modesAndKeys() throws {
        try withStore { store in
            let key = try PrivateKey(generating: .curve("P-256"))
            #expect(mode(store.base + "/md_store.json") == 0o600)
            try store.save(key, .staging, "a.example", "privkey.pem")
            try store.save(key, .domains, "a.example", "privkey.pem")
            #expect(mode(store.path(.staging, "a.example", "privkey.pem")) == 0o644)
            #expect(mode(store.path(.domains, "a.example", "privkey.pem")) == 0o600)
            #expect(mode(store.path(.domains, "a.example")) == 0o700)
            let staged = try store.bytes(.staging, "a.example", "privkey.pem")
            #expect(String(decoding: staged, as: UTF8.self).hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
            #expect(try store.key(.staging, "a.example", "privkey.pem").webKey == key.webKey)
            // Another process opens the same store.
            #expect(try Store(store.base).key(.staging, "a.example", "privkey.pem").webKey == key.webKey)
        }
    }
    @Test func activationArchives() throws {
        try withStore { store in
            var domain = ManagedDomain(["a.example"])
            domain.keys = [.curve("P-256")]
            domain.authority = "https://ca.example/dir"
            #expect(try Activation.activate("a.example", store) == false)
            for round in 1...2 {
                let key = try PrivateKey(generating: domain.keys[0])
                try store.save(domain, .staging)
                try store.save(key, .staging, "a.example", "privkey.p-256.pem")
                try store.save([try .fallback(["a.example"], key: key)], .staging, "a.example", "pubcert.p-256.pem")
                #expect(try Activation.activate("a.example", store))
                #expect(try store.key(.domains, "a.example", "privkey.p-256.pem").webKey == key.webKey)
                #expect(store.names(.archive).count == round - 1)
                #expect(store.names(.staging).isEmpty)
                #expect(CertificateStock(domain, store).state.0 == .complete)
            }
        }
    }
    @Test func setsThatDoNotMatchAreRefused() throws {
        try withStore { store in
            var domain = ManagedDomain(["a.example"])
            domain.keys = [.curve("P-256")]
            domain.authority = "https://ca.example/dir"
            try store.save(domain, .staging)
            try store.save(try PrivateKey(generating: domain.keys[0]), .staging, "a.example", "privkey.p-256.pem")
            let other = try PrivateKey(generating: domain.keys[0])
            try store.save([try .fallback(["a.example"], key: other)], .staging, "a.example", "pubcert.p-256.pem")
            #expect(throws: ACMEError.self) { try Activation.activate("a.example", store) }
        }
    }
}

@Suite struct JobTests {
    @Test func delays() {
        #expect((1...200).allSatisfy { Job.delay(errors: $0, problem: nil, first: 5) <= 86400 * 3 / 2 })
        // However long the first one is (`MDRetryDelay`).
        #expect(
            (1...200).allSatisfy {
                (43200...129600).contains(Job.delay(errors: $0, problem: nil, first: 10_000_000_000 * 86400))
            })
        #expect((2...8).contains(Job.delay(errors: 1, problem: nil, first: 5)))
        #expect(Job.delay(errors: 1, problem: "urn:ietf:params:acme:error:rejectedIdentifier", first: 5) >= 43200)
        #expect(Job.delay(errors: 0, problem: nil, first: 5) == 0)
    }
    @Test func survivesItsFile() {
        var job = Job("a.example")
        job.note("progress", detail: "x")
        job.errors = 3
        job.nextRun = 1_700_000_000
        job.last = RenewalResult(ACMEError(22, "no", problem: "urn:x"))
        #expect(Job("a.example", job.json) == job)
        #expect(job.json["next-run"] == "Tue, 14 Nov 2023 22:13:20 GMT")
        #expect(job.latest("progress") != nil)
    }
}

@Suite struct URLTests {
    @Test(
        arguments: [
            ("https://a.example/x?y#z", "a.example", 443, "/x?y"), ("http://A.example:8080", "a.example", 8080, "/"),
            ("https://[::1]:14000/dir", "::1", 14000, "/dir"), ("https://a?b", "a", 443, "/?b"),
        ] as [(String, String, UInt16, String)])
    func parts(_ text: String, _ host: String, _ port: UInt16, _ target: String) throws {
        let url = try #require(RequestURL(text))
        #expect((url.host, url.port, url.target) == (host, port, target))
    }
    @Test(arguments: ["", "ftp://a", "https://", "https://a:99999/", "https://u@a/", "https://a b/", "https://[::1"])
    func refuses(_ text: String) { #expect(RequestURL(text) == nil) }
}
