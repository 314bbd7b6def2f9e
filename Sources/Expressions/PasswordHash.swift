// Apache: apr-util/crypto/apr_passwd.c, apr_md5.c
import Bytes

/// Checks a password against a line of a password file.
public enum PasswordHash {
    /// `apr_password_validate`: `$apr1$` (MD5), `{SHA}`, and all that the system's `crypt` knows: `$2y$` and `$2a$`
    /// (bcrypt), `$5$` and `$6$` (SHA), `$y$`, traditional DES. Plain text is not accepted, as in Apache on Unix.
    ///
    /// bcrypt and the SHA forms are slow on purpose (milliseconds to seconds): call this where waiting is allowed.
    public static func validate(_ password: ByteString, against hash: ByteString) -> Bool {
        // These are C strings in Apache: what follows a NUL does not count.
        let password = password.bytes.prefix { $0 != 0 }
        let sample: [UInt8]
        if hash.hasPrefix("$apr1$") {
            sample = aprMD5(Array(password), salt: hash.bytes.dropFirst(6))
        } else if hash.hasPrefix("{SHA}") {
            sample = Array("{SHA}".utf8) + Base64.encode(Digest.sha1(Array(password))).bytes
        } else {
            guard let encrypted = Crypt.encrypt(Array(password), setting: hash.bytes) else { return false }
            sample = encrypted
        }
        return equalInConstantTime(sample, hash.bytes)
    }

    private static func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// `apr_md5_encode`: a thousand rounds of MD5 over password and up to eight bytes of salt.
    static func aprMD5(_ password: [UInt8], salt text: ArraySlice<UInt8>) -> [UInt8] {
        let salt = Array(text.prefix(8).prefix { $0 != UInt8(ascii: "$") })
        var final = Digest.md5(password + salt + password)
        var input = password + Array("$apr1$".utf8) + salt
        var left = password.count
        while left > 0 {
            input += final.prefix(min(left, 16))
            left -= 16
        }
        var bits = password.count
        while bits > 0 {
            input.append(bits & 1 == 1 ? 0 : password[0])
            bits >>= 1
        }
        final = Digest.md5(input)
        for round in 0..<1000 {
            input = round & 1 == 1 ? password : final
            if round % 3 != 0 { input += salt }
            if round % 7 != 0 { input += password }
            input += round & 1 == 1 ? final : password
            final = Digest.md5(input)
        }
        var output = Array("$apr1$".utf8) + salt + [UInt8(ascii: "$")]
        for (high, middle, low) in [(0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)] {
            let group = UInt32(final[high]) << 16 | UInt32(final[middle]) << 8 | UInt32(final[low])
            appendDigits(group, 4, to: &output)
        }
        appendDigits(UInt32(final[11]), 2, to: &output)
        return output
    }

    private static let digits = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// The digits of crypt's base 64, the lowest first.
    private static func appendDigits(_ value: UInt32, _ count: Int, to output: inout [UInt8]) {
        var value = value
        for _ in 0..<count {
            output.append(digits[Int(value & 63)])
            value >>= 6
        }
    }
}
