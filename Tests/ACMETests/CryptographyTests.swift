import Bytes
import Testing

@testable import ACME

@Suite struct Base64URLTests {
    @Test(
        arguments: [
            ([], ""), ([0xFF], "_w"), ([0xFB, 0xFF], "-_8"), ([3, 236, 255, 224, 193], "A-z_4ME"),
        ] as [([UInt8], String)])
    func vectors(_ bytes: [UInt8], _ text: String) {
        #expect(Base64URL.encode(bytes) == text)
        #expect(Base64URL.decode(text) == bytes)
    }
    @Test(arguments: ["A", "AAAAA", "A A", "é"]) func refuses(_ text: String) { #expect(Base64URL.decode(text) == nil) }
}

@Suite struct SignatureTests {
    /// RFC 7515 appendix A.1: HS256.
    @Test func hmac() throws {
        let key = try #require(
            Base64URL.decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))
        let input =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        #expect(
            Base64URL.encode(MessageDigest.hmacSHA256(key: key, Array(input.utf8)))
                == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    }
    /// RFC 7515 appendix A.2: RS256 is deterministic.
    @Test func rsa() throws {
        let key = try PrivateKey(pem: Array(rsaKey.utf8))
        let input =
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        #expect(
            Base64URL.encode(try key.signature(Array(input.utf8)))
                == "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        )
    }
    /// RFC 7638 section 3.1.
    @Test func thumbprint() {
        let key: JSON = [
            "e": "AQAB", "kty": "RSA",
            "n":
                "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        ]
        #expect(
            Base64URL.encode(MessageDigest.sha256(key.text())) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    }
    /// The key of RFC 7515 appendix A.3, whose public half is x and y there.
    @Test func curveKey() throws {
        let key = try PrivateKey(pem: Array(curveKey7515.utf8))
        #expect(
            key.webKey == [
                "crv": "P-256", "kty": "EC", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            ])
        #expect(try key.flatSignature([1, 2, 3]).count == 64)
        #expect(key.algorithm == "ES256")
    }
    @Test func signedMessage() throws {
        let key = try PrivateKey(generating: .curve("P-256"))
        let message = try JWS.sign(nil, header: [JSON.Member("nonce", "n"), JSON.Member("url", "u")], key: key)
        #expect(message["payload"] == "")
        let header = try JSON(try #require(message["protected"].string.flatMap(Base64URL.decode)))
        #expect(header == ["alg": "ES256", "nonce": "n", "url": "u"])
    }
}

@Suite struct CertificateTests {
    @Test(arguments: [KeyKind.rsa(bits: 2048), .curve("secp256r1"), .curve("P-384"), .curve("secp384r1")])
    func keysAndCertificates(_ kind: KeyKind) throws {
        let key = try PrivateKey(generating: kind)
        let certificate = try Certificate.fallback(["a.example", "*.b.example"], key: key)
        #expect(certificate.names == ["a.example", "*.b.example"])
        #expect(certificate.matches(key))
        #expect(certificate.subject == "/CN=temporary-certificate")
        let again = try PrivateKey(pem: try key.pem(phrase: [0, 1, 2, 255]), phrase: [0, 1, 2, 255])
        #expect(certificate.matches(again))
        #expect(throws: CryptographyError.self) { try PrivateKey(pem: try key.pem(phrase: [0, 1]), phrase: [0]) }
        let read = try #require(Certificate.chain(pem: certificate.pem + certificate.pem).last)
        #expect(read.fingerprint == certificate.fingerprint)
        #expect(read.notAfter - read.notBefore == 14 * 86400)
        #expect(read.keyKind.map { $0.name == "rsa" } == (kind.name == "rsa"))
    }
    /// RFC 8737 section 3: critical pe-acmeIdentifier with an octet string of 32 bytes.
    @Test func challengeCertificate() throws {
        let key = try PrivateKey(generating: .curve("P-256"))
        let der = try Certificate.challenge("a.example", keyAuthorization: "token.print", key: key).der
        let identifier: [UInt8] = [6, 8, 0x2B, 6, 1, 5, 5, 7, 1, 31, 1, 1, 0xFF, 4, 34, 4, 32]
        let expected = identifier + MessageDigest.sha256(Array("token.print".utf8))
        #expect((0...der.count - expected.count).contains { Array(der[$0..<$0 + expected.count]) == expected })
    }
    @Test func authority() throws {
        let key = try PrivateKey(generating: .curve("P-256"))
        let root = try Certificate.authority("Root", key: key, days: 3650)
        let leafKey = try PrivateKey(generating: .curve("P-256"))
        let leaf = try Certificate.server(
            ["a.example", "IP:127.0.0.1"], key: leafKey, days: 30, issuer: Issuer(root, key))
        #expect(leaf.issuer == root.subject)
        #expect(leaf.names == ["a.example", "127.0.0.1"])
        #expect(leaf.renewalIdentifier != nil)
        #expect(root.isSelfSigned && !leaf.isSelfSigned)
    }
    @Test(arguments: ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x"])
    func noCertificates(_ text: String) { #expect(Certificate.chain(pem: Array(text.utf8)).isEmpty) }
    @Test func noKey() { #expect(throws: CryptographyError.self) { try PrivateKey(pem: [1, 2, 3]) } }
    @Test func request() throws {
        let key = try PrivateKey(generating: .curve("P-256"))
        #expect(try CertificateRequest.make(["a.example"], key: key, mustStaple: true).first == 0x30)
    }
}
