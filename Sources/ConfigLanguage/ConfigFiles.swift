// Apache: srclib/apr/file_io/unix/open.c, dir.c, as configuration reading uses them
import Bytes
import Kernel

/// Configuration files on the disk.
public enum ConfigFiles {
    /// A configuration file larger than this is a mistake.
    public static let limit = 256 << 20

    public static func contents(of path: ByteString) throws(ConfigFileError) -> [UInt8] {
        do throws(Errno) {
            return try File.readWhole(path, limit: limit)
        } catch {
            throw ConfigFileError(error.description, code: error.rawValue)
        }
    }
    public static func kind(of path: ByteString) -> ConfigFileKind? {
        guard let status = try? FileStatus(path) else { return nil }
        switch status.kind {
        case .regular: return .regular
        case .directory: return .directory
        default: return .other
        }
    }
    public static func entries(of directory: ByteString) throws(ConfigFileError) -> [(
        name: ByteString, kind: ConfigFileKind
    )] {
        do throws(Errno) {
            return try Directory.entries(directory).map { entry in
                let kind: ConfigFileKind =
                    switch entry.kind {
                    case .regular: .regular
                    case .directory: .directory
                    default: .other
                    }
                return (entry.name, kind)
            }
        } catch {
            throw ConfigFileError(error.description, code: error.rawValue)
        }
    }
}
