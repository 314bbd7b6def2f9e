// Apache: server/config.c ap_parse_htaccess

import Bytes
import ConfigLanguage
import Kernel

enum HtaccessResult {
    case none
    case config(PerDirectoryConfig)
    case failed(Int)
}

/// Reads the first of `AccessFileName` that exists in `directory`. The caller keeps the result until
/// something on the way changed, so a file is read once for each change.
func readHtaccess(in directory: ByteString, _ scope: WalkScope, _ request: Request) -> HtaccessResult {
    let names = request.server[Core.server].accessFileNames.value(default: [".htaccess"])
    for name in names {
        let path = directory + name
        switch request.files.lookup(path) {
        case .failure(.notFound), .failure(.notDirectory): continue
        case .failure(let error): return unreadable(path, error, request)
        case .success(let status):
            guard status.kind == .regular else {
                // Apache opens it, and refuses what is neither a file nor /dev/null.
                if status.kind == .directory { return unreadable(path, .isDirectory, request) }
                return unreadable(path, .badDescriptor, request)
            }
            do throws(Errno) {
                let text = try File.readWhole(path, limit: 16 << 20)
                return parse(ByteString(text), path, directory, scope, request)
            } catch { return unreadable(path, error, request) }
        }
    }
    return .none
}

private func unreadable(_ path: ByteString, _ error: Errno, _ request: Request) -> HtaccessResult {
    request.log(
        .crit, "core",
        "(\(error.rawValue))\(error.description): AH00529: \(path) pcfg_openfile: unable to check htaccess file, ensure it is readable and that '\(parentDirectory(path))' is executable"
    )
    return .failed(403)
}

private func parse(
    _ text: ByteString, _ path: ByteString, _ directory: ByteString, _ scope: WalkScope, _ request: Request
) -> HtaccessResult {
    do throws(ConfigError) {
        let vector = try ConfigurationLoader.loadHtaccess(
            text, path: path, directory: directory, scope: scope, server: request.server)
        return .config(PerDirectoryConfig(vector))
    } catch {
        request.log(.alert, "core", "\(path): \(error.message)")
        return .failed(500)
    }
}
