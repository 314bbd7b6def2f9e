// Apache: server/util_md5.c, apr-util/crypto/apr_sha1.c
import Bytes
import COpenSSL

/// Message digests, by OpenSSL.
public enum Digest {
    /// 16 bytes.
    public static func md5(_ data: [UInt8]) -> [UInt8] { unsafe digest(data, EVP_md5(), 16) }
    /// 20 bytes.
    public static func sha1(_ data: [UInt8]) -> [UInt8] { unsafe digest(data, EVP_sha1(), 20) }
    /// 32 bytes.
    public static func sha256(_ data: [UInt8]) -> [UInt8] { unsafe digest(data, EVP_sha256(), 32) }

    /// Lower-case hexadecimal digits of `md5` (`ap_md5`).
    public static func md5Hex(_ data: ByteString) -> ByteString { hexadecimal(md5(data.bytes)) }
    /// Lower-case hexadecimal digits of `sha1`.
    public static func sha1Hex(_ data: ByteString) -> ByteString { hexadecimal(sha1(data.bytes)) }

    /// Two lower-case digits for each byte (`ap_bin2hex`).
    public static func hexadecimal(_ bytes: [UInt8]) -> ByteString {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            output.append(ASCII.hexDigits[Int(byte >> 4)])
            output.append(ASCII.hexDigits[Int(byte & 15)])
        }
        return ByteString(output)
    }

    private static func digest(_ data: [UInt8], _ type: OpaquePointer?, _ size: Int) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        _ = unsafe output.withUnsafeMutableBufferPointer { result in
            unsafe data.withUnsafeBufferPointer { input in
                unsafe EVP_Digest(input.baseAddress, input.count, result.baseAddress, nil, type, nil)
            }
        }
        return Array(output.prefix(size))
    }
}
