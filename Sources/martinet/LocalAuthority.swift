// No Apache counterpart: certificates for development, where no CA can reach the server

import ACME
import Bytes
import Kernel
import MPM

/// `martinet ca`: a certification authority for one machine. It is made once and kept; its root must be trusted by the
/// browsers that are to believe it.
enum LocalAuthority {
    private static let usage = """
        usage: martinet ca [create]                     make the authority, or say where it is
               martinet ca issue NAME… [--out DIR]      a certificate for these names (addresses too), as DIR/NAME.pem
                                                        with its chain and DIR/NAME.key
               martinet ca trust                        how to trust it
          --ca DIR    where it is kept (default: /var/lib/martinet/ca for root, ~/.local/share/martinet/ca)
          --days N    how long the certificate lasts (default 365)
        """
    private struct Options {
        var words: [String] = []
        var directory: ByteString
        var output: ByteString = "."
        var days = 365
    }
    private struct Failure: Error { let text: String }

    /// - Returns: The status to exit with.
    static func run(_ arguments: [String]) -> Int32 {
        do throws(Failure) {
            let options = try read(arguments)
            switch options.words.first ?? "create" {
            case "create": try create(options)
            case "issue": try issue(options)
            case "trust": trust(options)
            default: throw Failure(text: usage)
            }
            return 0
        } catch {
            say(error.text)
            return 1
        }
    }
    private static func read(_ arguments: [String]) throws(Failure) -> Options {
        let home = Environment.get("HOME") ?? ""
        let standard: ByteString = Process.userID == 0 ? "/var/lib/martinet/ca" : home + "/.local/share/martinet/ca"
        var options = Options(directory: standard)
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "--ca", "--out", "--days":
                guard let value = rest.popFirst() else { throw Failure(text: usage) }
                if word == "--ca" {
                    options.directory = ByteString(value)
                } else if word == "--out" {
                    options.output = ByteString(value)
                } else {
                    guard let days = Int(value), (1...3650).contains(days) else {
                        throw Failure(text: "--days takes a number from 1 to 3650")
                    }
                    options.days = days
                }
            default:
                guard !word.hasPrefix("-") else { throw Failure(text: usage) }
                options.words.append(word)
            }
        }
        return options
    }
    private static func attempt<Value>(_ call: () throws -> Value) throws(Failure) -> Value {
        do { return try call() } catch { throw Failure(text: "martinet ca: \(error)") }
    }

    @discardableResult private static func create(_ options: Options) throws(Failure) -> Issuer {
        let directory = options.directory
        let (certificateFile, keyFile) = (directory + "/root.pem", directory + "/root.key")
        if File.exists(keyFile) {
            let issuer = try attempt {
                let chain = Certificate.chain(pem: try File.readWhole(certificateFile, limit: 1 << 20))
                guard let root = chain.first else { throw Failure(text: "no certificate in \(certificateFile)") }
                return Issuer(root, try PrivateKey(pem: try File.readWhole(keyFile, limit: 1 << 20)))
            }
            if options.words.first != "issue" { say("the authority is in \(directory): \(issuer.certificate.subject)") }
            return issuer
        }
        return try attempt {
            try makeDirectories(directory)
            let key = try PrivateKey(generating: .curve("P-256"))
            let root = try Certificate.authority(
                "Martinet on \(HostName.short ?? "this machine")", key: key, days: 3650)
            try File.writeWhole(keyFile, try key.pem(), mode: 0o600)
            try File.setMode(keyFile, 0o600)
            try File.writeWhole(certificateFile, root.pem, mode: 0o644)
            say("made \(certificateFile); martinet ca trust says how to trust it")
            return Issuer(root, key)
        }
    }
    private static func makeDirectories(_ path: ByteString) throws {
        if File.exists(path) { return }
        if let slash = path.lastIndex(of: UInt8(ascii: "/")), slash > 0 { try makeDirectories(path.upTo(slash)) }
        try Directory.make(path, mode: 0o755)
    }
    private static func issue(_ options: Options) throws(Failure) {
        let names = Array(options.words.dropFirst())
        guard let first = names.first else { throw Failure(text: usage) }
        var alternatives: [String] = []
        for name in names {
            if SocketAddress(ByteString(name), port: 0) != nil {
                alternatives.append("IP:\(name)")
            } else if DNSName.isName(name, needsDomain: false) || DNSName.isWildcard(name) {
                alternatives.append(name.lowercased())
            } else {
                throw Failure(text: "martinet ca: \(name) is neither a name nor an address")
            }
        }
        let issuer = try create(options)
        let base = options.output + "/" + ByteString(first.hasPrefix("*.") ? "_" + first.dropFirst() : first)
        try attempt {
            let key = try PrivateKey(generating: .curve("P-256"))
            let certificate = try Certificate.server(alternatives, key: key, days: options.days, issuer: issuer)
            try makeDirectories(options.output)
            try File.writeWhole(base + ".key", try key.pem(), mode: 0o600)
            try File.setMode(base + ".key", 0o600)
            try File.writeWhole(base + ".pem", certificate.pem + issuer.certificate.pem, mode: 0o644)
        }
        try? File.writeAll(1, Array("SSLCertificateFile \(base).pem\nSSLCertificateKeyFile \(base).key\n".utf8))
    }
    private static func trust(_ options: Options) {
        let root = options.directory + "/root.pem"
        let text = """
            Debian, for curl, PHP and most programs (as root):
              cp \(root) /usr/local/share/ca-certificates/martinet.crt && update-ca-certificates
            Chromium (package libnss3-tools):
              certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n martinet -i \(root)
            Firefox: Settings, Privacy & Security, View Certificates, Authorities, Import.
            One command only: curl --cacert \(root) https://…

            Who has \(options.directory)/root.key can pretend to be any site to whoever trusts this root: keep it to yourself.

            """
        try? File.writeAll(1, Array(text.utf8))
    }
}
