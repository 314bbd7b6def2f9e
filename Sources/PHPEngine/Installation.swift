// PHP: main/php_ini.c, php_init_config; Debian: libphp8.2-embed, php8.2-fpm
import Bytes
import FPM
import Kernel

/// Where one version of PHP lies on this machine.
struct Installation {
    /// `8.2`.
    let version: ByteString
    let library: ByteString
    let shim: ByteString

    /// The named version, or the newest of which both libphp and our shim are there.
    static func find(_ wanted: ByteString?) throws(EngineFailure) -> Installation {
        if let wanted { return try Installation(version: wanted) }
        let versions = installedVersions
        guard let newest = versions.first else {
            throw EngineFailure(
                "no PHP is installed that can be loaded: there is no \(libraryFolder)/libphp8.2.so; "
                    + "the Debian package libphp8.2-embed brings it")
        }
        for version in versions {
            if let complete = try? Installation(version: version) { return complete }
        }
        return try Installation(version: newest)
    }

    private init(version: ByteString) throws(EngineFailure) {
        self.version = version
        library = "\(Installation.libraryFolder)/libphp\(version).so"
        guard File.exists(library) else {
            throw EngineFailure(
                "PHP \(version) cannot be loaded: there is no \(library); the Debian package libphp\(version)-embed brings it"
            )
        }
        let places = Installation.shimFolders.map { "\($0)/php-\(version).so" as ByteString }
        guard let shim = places.first(where: { File.exists($0) }) else {
            throw EngineFailure(
                "PHP \(version) is installed, but not our php-\(version).so that joins it: looked for "
                    + places.map(\.string).joined(separator: ", ") + "; make build makes it")
        }
        self.shim = shim
    }

    private static let libraryFolder: ByteString = "/usr/lib"

    /// Newest first.
    private static var installedVersions: [ByteString] {
        (1...9).reversed().map { "8.\($0)" }.filter { File.exists("\(libraryFolder)/libphp\($0).so") }
    }

    /// Beside the program as it is installed, then as it is built.
    private static var shimFolders: [ByteString] {
        var folders: [ByteString] = []
        if let named = Environment.get("MARTINET_LIBEXEC"), !named.isEmpty { folders.append(named) }
        if let program = try? File.readLink("/proc/self/exe") {
            let folder = program.parentPath
            folders += ["\(folder.parentPath)/lib/martinet", folder, folder.parentPath, folder.parentPath.parentPath]
        }
        return folders + ["/usr/lib/martinet"]
    }
}

/// Which ini files PHP reads. Debian's libphp looks into the folder `embed`; a process manager uses `fpm`, as php-fpm does.
struct IniFiles {
    /// A file, or folders with colons between them; nil: none, or as libphp was built.
    var path: ByteString?
    /// Folders of further files; nil: as libphp was built.
    var folders: ByteString?

    init(_ settings: EngineSettings, version: ByteString) {
        let own: ByteString = "/etc/php/\(version)/fpm"
        let hasOwn = (try? FileStatus(own)) != nil
        let named = Environment.get("PHPRC") ?? ""
        if let given = settings.iniPath {
            path = given
        } else if settings.ignoresIni || !hasOwn {
            path = nil
        } else if let status = try? FileStatus(named), !named.isEmpty, status.kind != .directory {
            path = named
        } else {
            path = ByteString([named, settings.program.parentPath, own].filter { !$0.isEmpty }.joinedBytes(":"))
        }
        if hasOwn { folders = IniFiles.folders("\(own)/conf.d") }
    }

    /// `PHP_INI_SCAN_DIR`, an empty part of which stands for the usual folder.
    private static func folders(_ usual: ByteString) -> ByteString {
        guard let given = Environment.get("PHP_INI_SCAN_DIR") else { return usual }
        guard !given.isEmpty else { return "" }
        return ByteString(given.split(on: UInt8(ascii: ":")).map { $0.isEmpty ? usual : $0 }.joinedBytes(":"))
    }
}

extension [ByteString] {
    fileprivate func joinedBytes(_ separator: StaticString) -> [UInt8] {
        var result: [UInt8] = []
        for (index, part) in enumerated() {
            if index > 0 { result.append(separator) }
            result += part.bytes
        }
        return result
    }
}

extension ByteString {
    /// Up to the last slash; empty when there is none.
    fileprivate var parentPath: ByteString {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return ByteString(bytes[..<slash])
    }
}
