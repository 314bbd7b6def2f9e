// No Apache counterpart: certificates for development, where no CA can reach the server
import ACME
import Bytes
import Kernel

/// A certification authority for one machine. It is made once and kept; its root must be trusted by the browsers that are to
/// believe it.
struct LocalAuthority {
    let directory: ByteString
    /// Root's, or the calling user's own.
    static var standardDirectory: ByteString {
        if Process.userID == 0 { return "/var/lib/martinet/ca" }
        return "\(Environment.get("HOME") ?? "")/.local/share/martinet/ca"
    }
    /// How long a certificate lasts: as long as browsers believe one.
    static let standardDays = 397

    var certificateFile: ByteString { "\(directory)/root.pem" }
    var keyFile: ByteString { "\(directory)/root.key" }
    var exists: Bool { File.isThere(keyFile) }

    func make() throws(SiteError) {
        let (root, key): (Certificate, [UInt8])
        do throws(CryptographyError) {
            let made = try PrivateKey(generating: .curve("P-256"))
            let name = "Martinet on \(HostName.short ?? "this machine")"
            (root, key) = (try Certificate.authority(name, key: made, days: 3650), try made.pem())
        } catch { throw SiteError("\(directory): \(ByteString(error.description))") }
        try Self.write(keyFile, key, mode: 0o600)
        try Self.write(certificateFile, root.pem, mode: 0o644)
    }
    func issuer() throws(SiteError) -> Issuer {
        guard let text = try? File.readWhole(certificateFile, limit: 1 << 20),
            let root = Certificate.chain(pem: text).first
        else { throw SiteError("\(certificateFile) has no certificate") }
        guard let text = try? File.readWhole(keyFile, limit: 1 << 20), let key = try? PrivateKey(pem: text) else {
            throw SiteError("\(keyFile) has no key that can be read")
        }
        return Issuer(root, key)
    }
    /// `a.example`, `*.a.example`, `127.0.0.1`, as subjectAltName has them.
    static func alternatives(_ names: [ByteString]) throws(SiteError) -> [String] {
        var all: [String] = []
        for name in names {
            if SocketAddress(name, port: 0) != nil {
                all.append("IP:\(name)")
            } else if DNSName.isName(name.string, needsDomain: false) || DNSName.isWildcard(name.string) {
                all.append(name.lowercased.string)
            } else {
                throw SiteError("\(name) is neither a name nor an address")
            }
        }
        return all
    }
    /// A certificate with the root behind it, and its key, both PEM.
    func issue(_ names: [ByteString], days: Int = standardDays) throws(SiteError) -> (chain: [UInt8], key: [UInt8]) {
        let alternatives = try Self.alternatives(names)
        let issuer = try issuer()
        do throws(CryptographyError) {
            let key = try PrivateKey(generating: .curve("P-256"))
            let certificate = try Certificate.server(alternatives, key: key, days: days, issuer: issuer)
            return (certificate.pem + issuer.certificate.pem, try key.pem())
        } catch { throw SiteError(ByteString(error.description)) }
    }
    /// Takes the place of an old file at once; a key is never readable by others, not for a moment either.
    static func write(_ path: ByteString, _ bytes: [UInt8], mode: UInt32) throws(SiteError) {
        let new: ByteString = "\(path).new"
        do throws(Errno) {
            try Directory.makeAll(RelativePath.directory(of: path))
            if File.isThere(new) || File.isLink(new) { try File.unlink(new) }
            let file = try File.open(new, [.writeOnly, .create, .exclusive], mode: 0o600)
            try File.writeAll(file.raw, bytes)
            try File.setMode(new, mode)
            try File.rename(new, to: path)
        } catch { throw SiteError(path, error) }
    }
}

/// `martinet ca`.
public enum AuthorityCommand {
    private static let usage: ByteString = """
        Usage: martinet ca [create]                     make the authority, or say where it is
               martinet ca issue NAME… [--out DIR]      a certificate for these names (addresses too): DIR/NAME.pem with its
                                                        chain, DIR/NAME.key
               martinet ca trust                        how to trust it
          --ca DIR    where it is kept (default: /var/lib/martinet/ca for root, ~/.local/share/martinet/ca)
          --days N    how long the certificate lasts (default: 397)

        """
    private struct Options {
        var words: [ByteString] = []
        var authority = LocalAuthority(directory: LocalAuthority.standardDirectory)
        var output: ByteString = "."
        var days = LocalAuthority.standardDays
    }
    private struct WrongUse: Error { var text: ByteString = usage }

    /// - Parameter arguments: Those after `ca`.
    /// - Returns: The status to exit with: 1 when something was not done, 2 for wrong use.
    public static func run(_ arguments: [ByteString]) -> Int32 {
        do {
            let options = try read(arguments)
            switch options.words.first ?? "create" {
            case "create" where options.words.count < 2: try create(options.authority, isAsked: true)
            case "issue" where options.words.count > 1: try issue(options)
            case "trust" where options.words.count < 2: trust(options.authority)
            case "help": Console.print(usage)
            default: throw WrongUse()
            }
            return 0
        } catch let error as WrongUse {
            Console.error(error.text)
            return 2
        } catch {
            Console.error("martinet ca: \((error as? SiteError)?.message ?? "")\n")
            return 1
        }
    }
    private static func read(_ arguments: [ByteString]) throws(WrongUse) -> Options {
        var options = Options()
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-") else {
                options.words.append(word)
                continue
            }
            if word == "-h" || word == "--help" {
                options.words = ["help"]
                return options
            }
            guard let value = rest.popFirst(), !value.isEmpty else { throw WrongUse() }
            switch word {
            case "--ca": options.authority = LocalAuthority(directory: value)
            case "--out": options.output = value
            case "--days":
                guard let days = value.decimal, (1...3650).contains(days) else {
                    throw WrongUse(text: "martinet ca: --days takes a number from 1 to 3650\n")
                }
                options.days = days
            default: throw WrongUse()
            }
        }
        return options
    }

    private static func create(_ authority: LocalAuthority, isAsked: Bool) throws(SiteError) {
        if authority.exists {
            let root = try authority.issuer().certificate
            if isAsked { Console.print("the authority is in \(authority.directory): \(ByteString(root.subject))\n") }
            return
        }
        try authority.make()
        Console.error("made \(authority.certificateFile); martinet ca trust says how to trust it\n")
    }
    private static func issue(_ options: Options) throws(SiteError) {
        let names = Array(options.words.dropFirst())
        _ = try LocalAuthority.alternatives(names)
        try create(options.authority, isAsked: false)
        let issued = try options.authority.issue(names, days: options.days)
        let first = names[0].hasPrefix("*.") ? "_" + names[0].from(1) : names[0]
        let base: ByteString = "\(options.output)/\(first)"
        try LocalAuthority.write("\(base).key", issued.key, mode: 0o600)
        try LocalAuthority.write("\(base).pem", issued.chain, mode: 0o644)
        let place = (try? File.realPath(options.output)) ?? options.output
        Console.print("SSLCertificateFile \(place)/\(first).pem\nSSLCertificateKeyFile \(place)/\(first).key\n")
    }
    private static func trust(_ authority: LocalAuthority) {
        let root = authority.certificateFile
        Console.print(
            """
            Debian, for curl, PHP and most programs (as root, package ca-certificates):
              cp \(root) /usr/local/share/ca-certificates/martinet.crt && update-ca-certificates
            Chromium (package libnss3-tools):
              certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n martinet -i \(root)
            Firefox: Settings, Privacy & Security, View Certificates, Authorities, Import.
            One command only: curl --cacert \(root) https://…

            Who has \(authority.keyFile) can pretend to be any site to whoever trusts this root: keep it to yourself.

            """)
    }
}
