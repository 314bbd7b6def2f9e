import Bytes
import Testing

@testable import Expressions

@Suite struct PasswordHashTests {
    /// Made by htpasswd, one of each kind.
    @Test(
        arguments: [
            "$apr1$bcve60N4$CF4bF5R1UJQsHGKU0.bys1",
            "{SHA}0c+6lCLWAYqr+WW/VlkvKsqkTMU=",
            "bv3XI.ZRSYsOY",
            "$2y$05$ufC5JCQf5aelxxchJmcMrOlO5UCJEMaRHw7yi27iCZCst87UnIFqG",
            "$5$oWGdYzeusaOwnSd1$hA2xdRJ5rqjAlgWkDJeyYNKBPZu2rO1Ip/OnPzWle3A",
            "$6$oNyG.hxRcem4vT8e$g8WaPxBZd.LRHNSdOlJZr55y9f.VVokJ0eCKT2aBLPA/FV.FujSCtyZd0CUbA06xB8yuOr.emH4Of0s.Mkm3U/",
        ] as [ByteString])
    func htpasswd(_ hash: ByteString) {
        #expect(PasswordHash.validate("secret word!", against: hash))
        #expect(!PasswordHash.validate("secret", against: hash))
        #expect(!PasswordHash.validate("", against: hash))
        #expect(!PasswordHash.validate("secret word!", against: hash.upTo(hash.count - 1)))
    }

    @Test(
        arguments: [
            ("", "$apr1$I7p6HJpK$IIHXmliY80VD/V13VDRdB0", true),
            ("averyveryverylongpassword0123456789", "$apr1$zUZK2MmN$Wq6cTRF.N3AKfT6I2EVXs1", true),
            // Plain text, and what crypt(3) says when it fails.
            ("plain", "plain", false), ("x", "", false), ("x", "*0", false), ("x", "*1", false), ("x", "*", false),
            ("x", "$apr1$", false), ("x", "$2y$99$", false), ("x", "$9$unknown$", false), ("x", "{SHA}", false),
        ] as [(ByteString, ByteString, Bool)])
    func edges(_ password: ByteString, _ hash: ByteString, _ expected: Bool) {
        #expect(PasswordHash.validate(password, against: hash) == expected)
    }
}
