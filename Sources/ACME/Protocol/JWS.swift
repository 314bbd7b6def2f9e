// RFC 7515, 7517, 7638; RFC 8555 section 6.2. Apache: modules/md/md_jws.c

import Bytes

/// JSON Web Signatures in their flattened form, as ACME wants them.
public enum JWS {
    /// - Parameters:
    ///   - header: What is protected beside `alg`: `nonce`, `url`, and `kid` or `jwk`.
    ///   - payload: nil for POST-as-GET.
    public static func sign(_ payload: JSON?, header: [JSON.Member], key: PrivateKey) throws(CryptographyError) -> JSON
    {
        let algorithm = key.algorithm
        let protected = Base64URL.encode(JSON.object([JSON.Member("alg", .string(algorithm))] + header).text())
        let content = payload.map { Base64URL.encode($0.text()) } ?? ""
        let input = Array("\(protected).\(content)".utf8)
        let signature = key.isRSA ? try key.signature(input) : try key.flatSignature(input)
        return [
            "protected": .string(protected), "payload": .string(content),
            "signature": .string(Base64URL.encode(signature)),
        ]
    }
    /// HS256, for external account bindings.
    static func authenticate(_ payload: JSON, header: [JSON.Member], key: [UInt8]) -> JSON {
        let protected = Base64URL.encode(JSON.object([JSON.Member("alg", "HS256")] + header).text())
        let content = Base64URL.encode(payload.text())
        let code = MessageDigest.hmacSHA256(key: key, Array("\(protected).\(content)".utf8))
        return [
            "protected": .string(protected), "payload": .string(content), "signature": .string(Base64URL.encode(code)),
        ]
    }
}

extension PrivateKey {
    /// RFC 7518 section 3.1; keys that cannot be account keys are said to be RSA and fail when they sign.
    var algorithm: String { isCurve ? "ES256" : "RS256" }

    /// The public half as a JSON Web Key, its members in the order of RFC 7638 section 3.2.
    public var webKey: JSON {
        if isCurve {
            let width = (bits + 7) / 8
            return [
                "crv": "P-256", "kty": "EC", "x": .string(Base64URL.encode(parameter("qx", width: width) ?? [])),
                "y": .string(Base64URL.encode(parameter("qy", width: width) ?? [])),
            ]
        }
        return [
            "e": .string(Base64URL.encode(parameter("e") ?? [])), "kty": "RSA",
            "n": .string(Base64URL.encode(parameter("n") ?? [])),
        ]
    }
    /// RFC 7638.
    public var thumbprint: String { Base64URL.encode(MessageDigest.sha256(webKey.text())) }
}
