// PHP: sapi/fpm/fpm/fpm_conf.c, fpm_evaluate_full_path
import Bytes
import Kernel

/// Relative paths of a configuration: under the pool's prefix, else the command line's, else a place of the system.
struct PathRules {
    /// `-p`
    let prefix: ByteString?

    /// - Parameters:
    ///   - poolPrefix: `prefix` of the pool the path stands in; nil without, and for paths of `[global]`.
    ///   - system: Used without any prefix.
    func full(
        _ path: ByteString, poolPrefix: ByteString? = nil, system: ByteString = StartOptions.systemPrefix
    ) -> ByteString {
        path.first == UInt8(ascii: "/") ? path : under(poolPrefix, system, path)
    }

    /// The same for `chroot`, where `$prefix` may stand for the prefix; nil when it stands elsewhere than in front.
    func expanding(_ path: ByteString, poolPrefix: ByteString?) -> ByteString? {
        guard path.first != UInt8(ascii: "/"), let token = path.firstRange(of: "$prefix") else {
            return full(path, poolPrefix: poolPrefix)
        }
        guard token.lowerBound == 0 else { return nil }
        let rest = path.from(token.upperBound)
        return under(poolPrefix, StartOptions.systemPrefix, rest.isEmpty ? nil : rest)
    }

    private func under(_ poolPrefix: ByteString?, _ system: ByteString, _ path: ByteString?) -> ByteString {
        let base = poolPrefix ?? prefix ?? system
        let result = path.map { "\(base)/\($0)" } ?? base
        // A relative prefix of a pool is itself under the others.
        return poolPrefix == nil ? result : full(result, system: system)
    }

    static func isDirectory(_ path: ByteString) -> Bool { (try? FileStatus(path))?.isDirectory ?? false }
}
