// Digest authentication: parsing, the challenge, and answers to it.

import Bytes
import Expressions
import HTTP
import ServerCore
import Testing

@testable import Modules

@Suite struct DigestTests {
    @Test(
        arguments: [
            (" a=b, C = \"d e\" , f=\"g\\\"h\"", ["a": "b", "c": "d e", "f": "g\"h"]),
            ("a", ["a": ""]), ("a=\"open", ["a": "open"]), ("a=1,a=2", ["a": "2"]), ("=x", ["": "x"]),
            ("a=b junk, c=d", ["a": "b", "c": "d"]), (" \"", ["\"": ""]), ("a=\"\\", ["a": "\\"]),
        ] as [(ByteString, [ByteString: ByteString])])
    func parameters(text: ByteString, expected: [ByteString: ByteString]) {
        #expect(DigestCredentials.parameters(text) == expected)
    }

    /// RFC 2617, section 3.5.
    @Test func theRFCsExample() {
        let credentials = DigestCredentials(
            username: "Mufasa", realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            uri: "/dir/index.html", response: "", algorithm: nil, cnonce: "0a4f113b", opaque: nil, qop: "auth",
            nonceCount: "00000001")
        let hash = Digest.md5Hex("Mufasa:testrealm@host.com:Circle Of Life")
        #expect(
            credentials.expectedResponse(method: "GET", hash: hash) == "6629fae49393a05397450978507c4ef1")
    }

    @Test func noncesCarryTheirTime() {
        for time in [0, 1, 1_795_384_879_411_607, Int64.max] {
            let nonce = DigestNonce.make(realm: "r", time: time)
            #expect(DigestNonce.isWellFormed(nonce))
            #expect(DigestNonce.time(of: nonce) == time)
        }
        #expect(!DigestNonce.isWellFormed(""))
        #expect(!DigestNonce.isWellFormed(ByteString(Array(repeating: 65, count: 52))))
    }

    private static let section = "BASIC ; AuthType Digest ; AuthUserFile DIGESTS ; Require valid-user"

    /// The credentials a client makes of the challenge, with parts replaced.
    private func answer(
        _ request: Request, nonce: ByteString, replacing: [ByteString: ByteString] = [:]
    ) -> ByteString {
        let uri = replacing["uri"] ?? request.unparsedURI
        let hash = Digest.md5Hex("dora:r:\(replacing["password"] ?? "secret")" as ByteString)
        let target = Digest.md5Hex("\(request.method):\(uri)" as ByteString)
        let qop = replacing["qop"] ?? "auth"
        let response = Digest.md5Hex("\(hash):\(nonce):00000001:xyz:\(qop):\(target)" as ByteString)
        let user = replacing["username"] ?? "dora"
        let extra = replacing["extra"] ?? ""
        return
            "Digest username=\"\(user)\", realm=\"\(replacing["realm"] ?? "r")\", nonce=\"\(nonce)\", uri=\"\(uri)\", qop=\(qop), nc=00000001, cnonce=\"xyz\", response=\"\(response)\"\(extra)"
    }

    @Test(
        arguments: [
            ([:], 200), (["password": "wrong"], 401), (["username": "nobody"], 401), (["realm": "other"], 401),
            (["uri": "/r0/other"], 400), (["uri": "/r0/%69n"], 200), (["uri": "http://x/r0/in"], 200),
            (["uri": "http://y/r0/in"], 400), (["uri": "/r0/in?a=b"], 400), (["qop": "auth-int"], 401),
            (["extra": ", algorithm=MD5"], 200), (["extra": ", algorithm=SHA-256"], 401),
            (["extra": ", opaque=\"zz\""], 401), (["extra": ", opaque=\"12\""], 401),
        ] as [([ByteString: ByteString], Int)])
    func answers(replacing: [ByteString: ByteString], status: Int) throws {
        let bench = try AuthorizationBench([[Self.section]])
        let request = try bench.request(0)
        request.hostname = "x"
        let nonce = DigestNonce.make(realm: "r", time: request.requestTime)
        request.headersIn.set("Authorization", answer(request, nonce: nonce, replacing: replacing))
        #expect(bench.authorize(request) == status)
    }

    @Test(arguments: [(0, 200, false), (299, 200, false), (301, 401, true), (-5, 401, true)] as [(Int64, Int, Bool)])
    func noncesGrowOld(age: Int64, status: Int, isStale: Bool) throws {
        let bench = try AuthorizationBench([[Self.section]])
        let request = try bench.request(0)
        let nonce = DigestNonce.make(realm: "r", time: request.requestTime - age * 1_000_000)
        request.headersIn.set("Authorization", answer(request, nonce: nonce))
        #expect(bench.authorize(request) == status)
        let challenge = request.errHeadersOut["WWW-Authenticate"]
        #expect(challenge?.contains(", stale=true" as ByteString) ?? false == isStale)
        guard status == 200 else { return }
        #expect(AuthDigest.addInfo(request) == .ok)
        let info = try #require(request.headersOut["Authentication-Info"])
        #expect(info.contains(", nextnonce=\"" as ByteString) == (age > 270))
        #expect(info.hasSuffix(", cnonce=\"xyz\", nc=00000001, qop=auth" as ByteString))
    }

    @Test func challenges() throws {
        let bench = try AuthorizationBench([
            [Self.section], [Self.section + " ; AuthDigestQop auth ; AuthDigestDomain /a /b"],
        ])
        let tails: [ByteString] = [", algorithm=MD5, qop=\"auth\"", ", algorithm=MD5, domain=\"/a /b\", qop=\"auth\""]
        for (number, tail) in tails.enumerated() {
            let request = try bench.request(number)
            #expect(bench.authorize(request) == 401)
            let text = try #require(request.errHeadersOut["WWW-Authenticate"])
            #expect(text.hasPrefix("Digest realm=\"r\", nonce=\"" as ByteString))
            #expect(text.hasSuffix("\"" + tail))
        }
    }
}
