// PHP: main/php_ini.c, php_init_config; Debian: libphp8.2-embed, php8.2-fpm
import Bytes
import Kernel

/// A sentence that says what is missing and what to do.
public struct LibraryFailure: Error, Sendable {
    public let message: String
    public init(_ message: String) { self.message = message }
}

/// Where one version of PHP lies on this machine.
public struct Installation: Sendable {
    /// `8.2`.
    public let version: ByteString
    public let library: ByteString
    public let shim: ByteString

    /// The named version, or the newest of which both libphp and our shim are there.
    public static func find(_ wanted: ByteString?) throws(LibraryFailure) -> Installation {
        if let wanted { return try Installation(version: wanted) }
        let versions = installedVersions
        guard let newest = versions.first else {
            throw LibraryFailure(
                "no PHP is installed that can be loaded: there is no \(libraryFolder)/libphp8.2.so; "
                    + "the Debian package libphp8.2-embed brings it")
        }
        for version in versions {
            if let complete = try? Installation(version: version) { return complete }
        }
        return try Installation(version: newest)
    }

    private init(version: ByteString) throws(LibraryFailure) {
        self.version = version
        library = "\(Installation.libraryFolder)/libphp\(version).so"
        guard File.exists(library) else {
            throw LibraryFailure(
                "PHP \(version) cannot be loaded: there is no \(library); the Debian package libphp\(version)-embed brings it"
            )
        }
        let places = Installation.shimFolders.map { "\($0)/php-\(version).so" as ByteString }
        guard let shim = places.first(where: { File.exists($0) }) else {
            throw LibraryFailure(
                "PHP \(version) is installed, but not the php-\(version).so that joins it: install the package martinet-fpm "
                    + "(in the source tree: make shim PHP=\(version)); looked for "
                    + places.map(\.string).joined(separator: ", "))
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

/// Which ini files PHP reads. Debian's libphp looks into the folder `embed`; who runs PHP here takes the place of another
/// program, whose folder it is: `fpm` or `apache2`.
public struct IniFiles: Sendable {
    /// A file, or folders with colons between them; nil: none, or as libphp was built.
    public var path: ByteString?
    /// Folders of further files; nil: as libphp was built.
    public var folders: ByteString?

    /// - Parameters:
    ///   - folder: Below `/etc/php/VERSION`.
    ///   - given: A php.ini or a folder that the administrator names; nothing else is looked at.
    ///   - program: Beside it a php.ini is looked for, too.
    public init(folder: StaticString, version: ByteString, given: ByteString?, ignoresIni: Bool, program: ByteString) {
        let own: ByteString = "/etc/php/\(version)/\(ByteString(folder))"
        let hasOwn = (try? FileStatus(own)) != nil
        let named = Environment.get("PHPRC") ?? ""
        if let given {
            path = given
        } else if ignoresIni || !hasOwn {
            path = nil
        } else if let status = try? FileStatus(named), !named.isEmpty, status.kind != .directory {
            path = named
        } else {
            path = ByteString([named, program.parentPath, own].filter { !$0.isEmpty }.joinedBytes(":"))
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
