// No Apache counterpart: where Debian keeps what a site is made of
import Bytes
import Kernel

/// The trees that `martinet site` reads and writes.
struct HostFiles {
    /// `APACHE_CONFDIR`, or Debian's.
    let apache: ByteString
    let php: ByteString = "/etc/php"
    let sockets: ByteString = "/run/php"
    let rotation: ByteString = "/etc/logrotate.d"
    /// Root's: a user who could move this directory could make the server, which opens logs as root, write anywhere.
    let logs: ByteString = "/var/log/sites"
    let state: ByteString

    init() {
        apache = Self.variable("APACHE_CONFDIR") ?? "/etc/apache2"
        state = Self.variable("APACHE_STATE_DIRECTORY") ?? "/var/lib/apache2"
    }
    private static func variable(_ name: ByteString) -> ByteString? {
        Environment.get(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    var available: ByteString { "\(apache)/sites-available" }
    var enabled: ByteString { "\(apache)/sites-enabled" }

    /// Versions of PHP whose process manager has a configuration, the newest last.
    var versions: [ByteString] {
        let names = ((try? Directory.entries(php)) ?? []).map(\.name)
        return names.filter { File.isThere(managerFile($0)) }.sorted { Self.number($0) < Self.number($1) }
    }
    private static func number(_ version: ByteString) -> Int {
        let parts = version.split(on: UInt8(ascii: ".")).map { $0.decimal ?? 0 }
        return min(parts.first ?? 0, 9999) * 1000 + min(parts.count > 1 ? parts[1] : 0, 999)
    }
    func managerFile(_ version: ByteString) -> ByteString { "\(php)/\(version)/fpm/php-fpm.conf" }
    func poolFile(_ version: ByteString, _ user: ByteString) -> ByteString {
        "\(php)/\(version)/fpm/pool.d/\(user).conf"
    }
    func rotationFile(_ user: ByteString) -> ByteString { "\(rotation)/site-\(user)" }
    /// Certificates of the local authority.
    let certificates: ByteString = "/etc/ssl/martinet"
    func certificateFile(_ name: ByteString) -> ByteString { "\(certificates)/\(name).pem" }
    func keyFile(_ name: ByteString) -> ByteString { "\(certificates)/\(name).key" }
    func logDirectory(_ user: ByteString) -> ByteString { "\(logs)/\(user)" }

    /// The name by which `a2ensite` knows a file of `sites-available`; nil for others. Links are followed.
    func siteName(of file: ByteString) -> ByteString? {
        guard let real = try? File.realPath(file), let folder = try? File.realPath(available),
            RelativePath.directory(of: real) == folder, real.hasSuffix(".conf")
        else { return nil }
        return real[folder.count + 1..<real.count - 5]
    }
    func file(ofSite name: ByteString) -> ByteString { "\(available)/\(name).conf" }
    func link(ofSite name: ByteString) -> ByteString { "\(enabled)/\(name).conf" }
}

/// Why something was not done, and what helps.
struct SiteError: Error {
    var message: ByteString
    var cure: ByteString = ""
    init(_ message: ByteString, cure: ByteString = "") {
        self.message = message
        self.cure = cure
    }
    /// A call of the system that failed.
    init(_ path: ByteString, _ error: Errno) { self.init("\(path): \(error.text)") }
}
