// Apache: modules/md/md_crypt.c (md_pkey_gen, md_pkey_fload, md_pkey_fsave, md_crypt_sign64)

import Bytes
import COpenSSL

/// What OpenSSL says went wrong last, or what we call it when it says nothing.
public struct CryptographyError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ what: String) {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else {
            description = what
            return
        }
        let reason = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { room in
            unsafe ERR_error_string_n(code, room.baseAddress, room.count)
            return unsafe room.baseAddress.map { unsafe String(cString: $0) } ?? ""
        }
        description = "\(what): \(reason)"
    }
}

/// What kind of key to make; names as in `MDPrivateKeys`.
public enum KeyKind: Sendable, Hashable {
    case rsa(bits: Int)
    /// A curve's name as configured: `secp256r1`, `P-384`, `X25519`.
    case curve(String)

    /// MD_PKEY_RSA_BITS_DEF
    public static let standard = KeyKind.rsa(bits: 2048)

    /// As it appears in messages: `rsa-2048`, `ec-P-384` (md_pkey_spec_to_str).
    var specification: String {
        switch self {
        case .rsa(let bits): "rsa-\(bits)"
        case .curve(let name): "ec-\(name)"
        }
    }
    /// As it appears in file names and in status: `rsa` or the curve.
    public var name: String {
        switch self {
        case .rsa: "rsa"
        case .curve(let name): name
        }
    }
}

/// A private key with its public half.
@safe
public final class PrivateKey: @unchecked Sendable {
    // SAFETY: an EVP_PKEY is not changed after it was made; its count of references is atomic.
    let raw: OpaquePointer

    init(owning raw: OpaquePointer) { unsafe self.raw = raw }
    deinit { unsafe EVP_PKEY_free(raw) }

    public init(generating kind: KeyKind) throws(CryptographyError) {
        let made: OpaquePointer? =
            switch kind {
            case .rsa(let bits): unsafe certificates_rsa_key(max(bits, 0))
            case .curve(let name): unsafe certificates_curve_key(Self.openSSLName(name))
            }
        guard let made = unsafe made else { throw CryptographyError("cannot make a key of type \(kind.name)") }
        unsafe raw = made
    }
    /// RFC 4492's names that OpenSSL does not know.
    private static func openSSLName(_ curve: String) -> String {
        switch curve.lowercased() {
        case "secp256r1": "prime256v1"
        case "secp192r1": "prime192v1"
        case "x25519": "X25519"
        case "x448": "X448"
        case "p-256": "P-256"
        case "p-384": "P-384"
        case "p-521": "P-521"
        default: curve
        }
    }

    /// - Parameter phrase: What an encrypted key opens with; empty for a plain one.
    public init(pem: [UInt8], phrase: [UInt8] = []) throws(CryptographyError) {
        guard let size = Int32(exactly: pem.count),
            let key = unsafe certificates_read_key(pem, size, phrase, Int32(truncatingIfNeeded: phrase.count))
        else { throw CryptographyError("cannot read the key") }
        unsafe raw = key
    }
    /// PKCS #8 in PEM, encrypted with AES-256-CBC under `phrase` unless that is empty.
    public func pem(phrase: [UInt8] = []) throws(CryptographyError) -> [UInt8] {
        unsafe try Memory.collect { bio in
            unsafe certificates_write_key(bio, raw, phrase, Int32(truncatingIfNeeded: phrase.count)) == 1
        }
    }

    public var bits: Int { unsafe Int(EVP_PKEY_get_bits(raw)) }
    public var isRSA: Bool { unsafe EVP_PKEY_get_base_id(raw) == EVP_PKEY_RSA }
    var isCurve: Bool { unsafe EVP_PKEY_get_base_id(raw) == EVP_PKEY_EC }
    /// X25519 and X448 agree on keys and cannot sign; Ed25519 signs without a digest.
    var digest: OpaquePointer? { unsafe isRSA || isCurve ? EVP_sha256() : nil }

    /// A signature over SHA-256 of `data`, as OpenSSL encodes it.
    public func signature(_ data: [UInt8]) throws(CryptographyError) -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        var count = 0
        var output: [UInt8] = []
        let isDone = unsafe data.withUnsafeBufferPointer { input in
            guard unsafe EVP_DigestSignInit(context, nil, digest, nil, raw) == 1,
                unsafe EVP_DigestSign(context, nil, &count, input.baseAddress, input.count) == 1
            else { return false }
            output = [UInt8](repeating: 0, count: count)
            return unsafe output.withUnsafeMutableBufferPointer {
                unsafe EVP_DigestSign(context, $0.baseAddress, &count, input.baseAddress, input.count) == 1
            }
        }
        guard isDone else { throw CryptographyError("cannot sign") }
        return Array(output.prefix(count))
    }
    /// An ECDSA signature as r and s (RFC 7518 section 3.4).
    func flatSignature(_ data: [UInt8]) throws(CryptographyError) -> [UInt8] {
        let encoded = try signature(data)
        let width = (bits + 7) / 8
        var output = [UInt8](repeating: 0, count: 2 * width)
        guard unsafe certificates_flat_signature(encoded, encoded.count, &output, Int32(width)) == 1 else {
            throw CryptographyError("cannot sign")
        }
        return output
    }
    /// A number of the public key (`OSSL_PKEY_PARAM_…`), big-endian, at least `width` bytes.
    func parameter(_ name: String, width: Int = 0) -> [UInt8]? {
        var number: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(raw, name, &number) == 1 else { return nil }
        defer { unsafe BN_free(number) }
        let count = unsafe max(width, Int(BN_num_bits(number) + 7) / 8)
        var bytes = [UInt8](repeating: 0, count: count)
        guard unsafe BN_bn2binpad(number, &bytes, Int32(truncatingIfNeeded: count)) >= 0 else { return nil }
        return bytes
    }
}

/// A BIO that collects what OpenSSL writes.
enum Memory {
    static func collect(_ write: (OpaquePointer?) -> Bool) throws(CryptographyError) -> [UInt8] {
        let bio = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(bio) }
        guard unsafe write(bio) else { throw CryptographyError("cannot encode") }
        var start: UnsafeMutablePointer<UInt8>?
        let count = unsafe certificates_bio_bytes(bio, &start)
        guard let start = unsafe start, count > 0 else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }
}

/// Random bytes of OpenSSL's generator, which is safe after a fork.
public enum Random {
    public static func bytes(_ count: Int) throws(CryptographyError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: count)
        guard unsafe RAND_bytes(&output, Int32(truncatingIfNeeded: count)) == 1 else {
            throw CryptographyError("no random numbers")
        }
        return output
    }
}

public enum MessageDigest {
    public static func sha1(_ data: [UInt8]) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: 20)
        _ = unsafe EVP_Digest(data, data.count, &output, nil, EVP_sha1(), nil)
        return output
    }
    public static func sha256(_ data: [UInt8]) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: 32)
        _ = unsafe EVP_Digest(data, data.count, &output, nil, EVP_sha256(), nil)
        return output
    }
    public static func hmacSHA256(key: [UInt8], _ data: [UInt8]) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: 32)
        _ = unsafe HMAC(EVP_sha256(), key, Int32(truncatingIfNeeded: key.count), data, data.count, &output, nil)
        return output
    }
    /// Two digits for each byte.
    public static func hexadecimal(_ bytes: [UInt8], separator: String = "", uppercase: Bool = false) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: uppercase) }.joined(separator: separator)
    }
}
