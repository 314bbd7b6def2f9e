// Apache: modules/aaa/mod_auth_digest.c (digest_cmds)

import Bytes
import ServerCore

extension AuthDigest {
    static let rows: [Directive] = [
        Directive(
            "AuthDigestProvider", .authConfig, "specify the auth providers for a directory or location",
            .iterate(addProvider)),
        Directive("AuthDigestQop", .authConfig, "A list of quality-of-protection options", .iterate(checkQop)),
        Directive(
            "AuthDigestNonceLifetime", .authConfig, "Maximum lifetime of the server nonce (seconds)",
            .take1(setLifetime)),
        Directive(
            "AuthDigestNcCheck", .authConfig, "Whether or not to check the nonce-count sent by the client",
            .flag { context, value throws(DirectiveError) in
                if value {
                    throw DirectiveError("AuthDigestNcCheck: nonce counts are not kept by this server: leave it Off")
                }
                context[directory].touch()
            }),
        Directive(
            "AuthDigestAlgorithm", .authConfig, "The algorithm used for the hash calculation",
            .take1 { context, word throws(DirectiveError) in
                guard word.equalsIgnoringCase("MD5") else {
                    throw DirectiveError("Unsupported algorithm in AuthDigestAlgorithm: \(word)")
                }
                context[directory].touch()
            }),
        Directive(
            "AuthDigestDomain", .authConfig,
            "A list of URI's which belong to the same protection space as the current URI",
            .iterate { context, word in context[directory].domain.append(word) }),
        Directive(
            "AuthDigestShmemSize", .server,
            "The amount of shared memory to allocate for keeping track of clients", .take1(checkSize)),
    ]

    @Sendable private static func addProvider(
        _ context: DirectiveContext, _ word: ByteString
    ) throws(DirectiveError) {
        guard let provider = context.configuration.authnProvider(word) else {
            throw DirectiveError("Unknown Authn provider: \(word)")
        }
        guard provider.realmHash != nil else {
            throw DirectiveError("The '\(word)' Authn provider doesn't support Digest Authentication")
        }
        context[directory].providers.append(provider)
    }
    @Sendable private static func checkQop(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        guard word.equalsIgnoringCase("auth") else {
            throw DirectiveError("AuthDigestQop is deprecated: only 'auth' is supported")
        }
        context[directory].touch()
    }
    @Sendable private static func setLifetime(
        _ context: DirectiveContext, _ word: ByteString
    ) throws(DirectiveError) {
        guard let seconds = word.words().first?.decimal else {
            throw DirectiveError("Invalid time in AuthDigestNonceLifetime: \(word)")
        }
        if seconds == 0 {
            throw DirectiveError(
                "AuthDigestNonceLifetime: one-time nonces are not kept by this server: give a number of seconds")
        }
        context[directory].nonceLifetime = Int64(min(seconds, 1 << 40))
    }
    /// Checked as Apache does; there is nothing here that would need the memory.
    @Sendable private static func checkSize(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        let digits = word.bytes.prefix(while: ASCII.isDigit)
        let unit = word.from(digits.count).trimmed().first
        let factor: Int
        switch unit {
        case nil, UInt8(ascii: "b"), UInt8(ascii: "B"): factor = 1
        case UInt8(ascii: "k"), UInt8(ascii: "K"): factor = 1024
        case UInt8(ascii: "m"), UInt8(ascii: "M"): factor = 1_048_576
        default: throw DirectiveError("Invalid size in AuthDigestShmemSize: \(word)")
        }
        let size = (ByteString(digits).decimal ?? 0).multipliedReportingOverflow(by: factor).partialValue
        if size < 88 { throw DirectiveError("size in AuthDigestShmemSize too small: \(size) < 88") }
    }
}

extension AuthDigest.DirectoryConfig {
    /// A section that says anything of this module says everything.
    mutating func touch() {}
}
