// Apache: modules/md/md_reg.c (state_init, md_reg_renew_at, md_reg_should_warn, md_reg_valid_until)

import Bytes
import Kernel

/// The certificates that a domain has now.
public struct CertificateStock {
    private let domain: ManagedDomain
    /// One for each kind of key or static file; nil where there is none.
    public let certificates: [Certificate?]

    public init(_ domain: ManagedDomain, _ store: Store) {
        self.domain = domain
        if domain.isStatic {
            certificates = domain.certificateFiles.map { file in
                (try? Store.read(ByteString(file))).flatMap { Certificate.chain(pem: $0).first }
            }
        } else {
            certificates = domain.keyKinds.map { kind in
                (try? store.chain(.domains, domain.name, kind.fileName("pubcert")))?.first
            }
        }
    }
    /// - Parameter certificates: One for each kind of key or static file, as somebody who may read them found them.
    public init(_ domain: ManagedDomain, _ certificates: [Certificate?]) {
        self.domain = domain
        self.certificates = certificates
    }
    public func certificate(_ kind: KeyKind) -> Certificate? {
        guard !domain.isStatic, let index = domain.keyKinds.firstIndex(of: kind),
            index < certificates.count
        else { return nil }
        return certificates[index]
    }
    /// Whether all is there that should be, and what is missing.
    public var state: (ManagedDomain.State, String?) {
        for (index, certificate) in certificates.enumerated() {
            let kind = index < domain.keyKinds.count ? domain.keyKinds[index].name : "rsa"
            guard let certificate else { return (.incomplete, "certificate(\(kind)) is missing") }
            let names = certificate.names
            guard domain.domains.allSatisfy({ DNSName.anyMatches(names, $0) }) else {
                return (.incomplete, "certificate(\(kind)) does not cover all domains.")
            }
            guard certificate.mustStaple == domain.mustStaple else {
                let (wanted, has) = domain.mustStaple ? ("", " not") : (" not", "")
                return (
                    .incomplete,
                    "'must-staple' is\(wanted) requested, but certificate(\(kind)) has it\(has) enabled."
                )
            }
        }
        return (.complete, nil)
    }
    /// The earliest end, in seconds since the epoch.
    public var validUntil: Int64? { certificates.compactMap { $0?.notAfter }.min() }

    /// When to renew, in seconds since the epoch: now when something is missing.
    public var renewAt: Int64 {
        let now = RealTime.now / 1_000_000
        if domain.state == .incomplete { return now }
        return certificates.map { certificate in
            certificate.map { domain.renewWindow.start(from: $0.notBefore, to: $0.notAfter) } ?? now
        }.min() ?? now
    }
    public var shouldRenew: Bool { renewAt <= RealTime.now / 1_000_000 }
    public var shouldWarn: Bool {
        guard domain.state != .incomplete, certificates.allSatisfy({ $0 != nil }) else { return false }
        return certificates.contains { certificate in
            guard let certificate else { return false }
            let start = domain.warnWindow.start(from: certificate.notBefore, to: certificate.notAfter)
            return start <= RealTime.now / 1_000_000
        }
    }
}
