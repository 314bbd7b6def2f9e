// Apache: include/http_ssl.h (ap_ssl_add_cert_files, ap_ssl_add_fallback_cert_files, ap_ssl_answer_challenge)

import Bytes
import Kernel

/// A certificate with its chain, and its key, both in PEM.
public struct CertificatePair: Sendable, Hashable {
    public var certificate: [UInt8]
    public var key: [UInt8]
    public init(certificate: [UInt8], key: [UInt8]) {
        self.certificate = certificate
        self.key = key
    }
}

/// The files of a virtual host's certificates.
public struct CertificateFiles: Sendable {
    /// One pair for each kind of key.
    public var pairs: [(certificate: ByteString, key: ByteString)]
    /// They are stand-ins: ``CertificateBoard`` will have the real ones.
    public var isFallback: Bool
    public init(pairs: [(certificate: ByteString, key: ByteString)], isFallback: Bool) {
        self.pairs = pairs
        self.isFallback = isFallback
    }
}

/// Who has certificates for virtual hosts that name none (mod_md); asked by who does TLS (mod_ssl).
public struct CertificateSource: Sendable {
    public static let group = ProviderGroup<CertificateSource>("ssl_certificates")

    /// For a virtual host with ``Server/usesTLS``, in the parent, after the configuration was made ready. nil: none of ours.
    public var files: @Sendable (Server) -> CertificateFiles?
    /// RFC 8737: what to show for a name to a client that speaks only `acme-tls/1`. Reads a file; nil for names without a
    /// challenge.
    public var challenge: @Sendable (ByteString, Configuration) -> CertificatePair?

    public init(
        files: @escaping @Sendable (Server) -> CertificateFiles?,
        challenge: @escaping @Sendable (ByteString, Configuration) -> CertificatePair?
    ) {
        self.files = files
        self.challenge = challenge
    }
}

/// New certificates on their way from the parent to its children, which can read no key files: no reload, no lost
/// connection.
///
/// Memory shared by parent and children, written by the parent only. Children look at ``version`` before a handshake; where
/// it moved they read ``entries()`` and make new contexts of what concerns them.
public final class CertificateBoard: @unchecked Sendable {
    // SAFETY: every word is atomic; a reader that saw the version move while it read begins again.
    private let memory: SharedMemory
    /// Words: version, count of bytes, then the bytes.
    private static let header = 2
    private let capacity: Int

    /// One entry: what some virtual hosts show from now on.
    public struct Entry: Sendable, Hashable {
        /// Of the managed domain.
        public var name: ByteString
        /// ``Server/number`` of each.
        public var servers: [Int]
        public var pairs: [CertificatePair]
        public init(name: ByteString, servers: [Int], pairs: [CertificatePair]) {
            self.name = name
            self.servers = servers
            self.pairs = pairs
        }
    }

    /// - Parameter capacity: Bytes for all entries; pages that are never written cost nothing.
    public init(capacity: Int = 16 << 20) throws(Errno) {
        self.capacity = capacity / 8
        memory = try SharedMemory(size: (Self.header + capacity / 8) * 8)
    }

    /// Odd while the parent writes. One atomic load.
    public var version: UInt64 { memory.word(0).loadAcquiring() }

    /// For the parent: what holds from now on, for all virtual hosts that changed since the children were made.
    /// - Returns: false when it does not fit.
    public func publish(_ entries: [Entry]) -> Bool {
        var bytes: [UInt8] = []
        func append(_ number: Int) {
            for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * shift))) }
        }
        func append(_ text: [UInt8]) {
            append(text.count)
            bytes += text
        }
        append(entries.count)
        for entry in entries {
            append(entry.name.bytes)
            append(entry.servers.count)
            for server in entry.servers { append(server) }
            append(entry.pairs.count)
            for pair in entry.pairs {
                append(pair.certificate)
                append(pair.key)
            }
        }
        guard bytes.count <= capacity * 8 else { return false }
        let before = version
        memory.word(0).storeReleasing(before + 1)
        memory.word(1).storeReleasing(UInt64(bytes.count))
        for index in 0..<(bytes.count + 7) / 8 {
            var word: UInt64 = 0
            for offset in 0..<8 where index * 8 + offset < bytes.count {
                word |= UInt64(bytes[index * 8 + offset]) << UInt64(8 * offset)
            }
            memory.word(Self.header + index).storeReleasing(word)
        }
        memory.word(0).storeReleasing(before + 2)
        return true
    }

    /// What is there now, with the version it belongs to; nil while the parent writes (ask again later).
    public func entries() -> (version: UInt64, [Entry])? {
        let before = version
        guard before % 2 == 0 else { return nil }
        guard before > 0 else { return (0, []) }
        let count = min(Int(truncatingIfNeeded: memory.word(1).loadAcquiring()), capacity * 8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        for index in 0..<(count + 7) / 8 {
            let word = memory.word(Self.header + index).loadAcquiring()
            for offset in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * offset))) }
        }
        guard version == before else { return nil }
        var reader = BoardReader(bytes: Array(bytes.prefix(count)))
        return (before, reader.entries())
    }
}

/// Takes the parent's encoding apart; stops where it makes no sense.
private struct BoardReader {
    let bytes: [UInt8]
    var position = 0

    private mutating func number() -> Int? {
        guard bytes.count - position >= 8 else { return nil }
        var value: UInt64 = 0
        for offset in 0..<8 { value |= UInt64(bytes[position + offset]) << UInt64(8 * offset) }
        position += 8
        return Int(exactly: value)
    }
    private mutating func text() -> [UInt8]? {
        guard let count = number(), count <= bytes.count - position else { return nil }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }
    mutating func entries() -> [CertificateBoard.Entry] {
        var list: [CertificateBoard.Entry] = []
        for _ in 0..<(number() ?? 0) {
            guard let name = text(), let servers = number(), servers <= bytes.count else { return list }
            var entry = CertificateBoard.Entry(name: ByteString(name), servers: [], pairs: [])
            for _ in 0..<servers {
                guard let server = number() else { return list }
                entry.servers.append(server)
            }
            guard let count = number(), count < 64 else { return list }
            for _ in 0..<count {
                guard let certificate = text(), let key = text() else { return list }
                entry.pairs.append(CertificatePair(certificate: certificate, key: key))
            }
            list.append(entry)
        }
        return list
    }
}
