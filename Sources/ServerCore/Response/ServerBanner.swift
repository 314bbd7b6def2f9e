// Apache: server/core.c ap_get_server_banner, ap_get_server_description; include/ap_release.h

import Bytes

/// What the server calls itself. Version and name are Apache's, so that tools which ask for them work.
public enum ServerBanner {
    public static let apacheVersion = "2.4.68"
    public static let moduleMagicNumber = "20120211:144"
    /// When, for mod_status and `-v`; the same for everybody who builds this version.
    public static let built = "2026-11-22T00:00:00"
    public static let martinetVersion = "0.1.0"

    /// As `ServerTokens` lets it be sent.
    public static func description(_ tokens: ServerTokens) -> ByteString {
        switch tokens {
        case .productOnly: "Apache"
        case .major: "Apache/2"
        case .minor: "Apache/2.4"
        case .minimal: ByteString("Apache/\(apacheVersion)")
        case .os, .full: ByteString("Apache/\(apacheVersion) (Martinet)")
        }
    }
}
