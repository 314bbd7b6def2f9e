// Apache: server/request.c ap_directory_walk

import Bytes
import Expressions
import Kernel

/// Goes down the path of the file: merges `<Directory>` sections and `.htaccess` files level by level, checks symbolic
/// links against the options that hold at their level, and splits the path into file and PATH_INFO.
///
/// What depends on the directory alone is kept for each loop (``DirectoryWalkCache``) until something on the way
/// down changes; `<DirectoryMatch>` sections are matched against the whole name each time.
func directoryWalk(_ request: Request) -> Outcome {
    guard let name = request.filename, let path = canonicalPath(name) else {
        request.log(.info, "core", "AH00029: Module bug?  Request filename is missing for URI \(request.uri)")
        return .ok
    }
    request.filename = path
    if request.finfo == nil || request.finfo?.kind == .symlink { request.finfo = request.files.status(path) }
    if let kind = request.finfo?.kind, kind != .directory, path.last == UInt8(ascii: "/") { request.finfo = nil }

    let outcome: Outcome
    if let directory = wholeDirectory(request, path) {
        outcome = walkKnownDirectory(request, directory)
    } else {
        outcome = walkComponents(request, path)
    }
    guard outcome == .ok else { return outcome }
    applyDirectoryMatches(request)
    request.canonicalFilename = request.filename
    return .ok
}

/// The directory (with its slash) whose walk decides everything, when the name is a plain file or a directory
/// without PATH_INFO.
private func wholeDirectory(_ request: Request, _ path: ByteString) -> ByteString? {
    switch request.finfo?.kind {
    case .regular: return parentDirectory(path)
    case .directory:
        guard request.pathInfo.isEmpty else { return nil }
        return path.last == UInt8(ascii: "/") ? path : path + "/"
    default: return nil
    }
}

/// Walks by way of the cache, then checks the file itself.
private func walkKnownDirectory(_ request: Request, _ directory: ByteString) -> Outcome {
    let worker = request.connection.worker
    let walk = worker.directoryWalks.walk(to: directory, for: request)
    if case .refused(let status, let message) = walk.result {
        request.log(.error, "core", "\(message(request.uri))")
        return .status(status)
    }
    if let status = walk.htaccessError {
        return .status(status)
    }
    if let merged = walk.merged { request.perDirectory = worker.merges.merge(request.perDirectory, merged) }
    guard request.finfo?.kind == .regular, !walk.scope.options.contains(.followSymLinks), let file = request.filename
    else { return .ok }
    guard symbolicLinkAllowed(file, walk.scope.options, request.files) else {
        request.log(.error, "core", "AH00037: Symbolic link not allowed or link target not accessible: \(file)")
        return .status(403)
    }
    return .ok
}

/// The slow way, for names that do not exist as a whole: finds the part that does.
private func walkComponents(_ request: Request, _ path: ByteString) -> Outcome {
    let worker = request.connection.worker
    let savedPathInfo = request.pathInfo
    // A directory cannot have PATH_INFO: what was split off belongs to the path.
    let full: ByteString
    if request.finfo?.kind == .directory, !savedPathInfo.isEmpty {
        full =
            canonicalPath(path.last == UInt8(ascii: "/") ? path + savedPathInfo.from(1) : path + savedPathInfo) ?? path
    } else {
        full = path
    }
    let keepsPathInfo = full == path
    request.finfo = nil

    var directory: ByteString = "/"
    var walk = worker.directoryWalks.walk(to: directory, for: request)
    var offset = 1
    while true {
        if case .refused(let status, let message) = walk.result {
            request.log(.error, "core", "\(message(request.uri))")
            return .status(status)
        }
        if let status = walk.htaccessError { return .status(status) }
        guard offset < full.count else {
            request.filename = full
            request.finfo = request.files.status(full)
            break
        }
        let end = full.bytes[offset...].firstIndex(of: UInt8(ascii: "/")) ?? full.count
        let component = full.upTo(end)
        switch componentKind(request, component, walk.scope.options) {
        case .failure(let status): return .status(status)
        case .directory:
            directory = component + "/"
            walk = worker.directoryWalks.walk(to: directory, for: request)
            if end >= full.count - 1 {
                // The walk ended on a directory.
                if case .refused(let status, let message) = walk.result {
                    request.log(.error, "core", "\(message(request.uri))")
                    return .status(status)
                }
                if let status = walk.htaccessError { return .status(status) }
                request.filename = end == full.count ? component : directory
                request.finfo = request.files.status(component)
                request.pathInfo = keepsPathInfo ? savedPathInfo : ""
                return finish(request, walk)
            }
            offset = end + 1
            continue
        case .file(let status):
            request.filename = component
            request.finfo = status
        case .nothing:
            request.filename = component
        }
        let rest = full.from(end)
        request.pathInfo = keepsPathInfo ? rest + savedPathInfo : rest
        break
    }
    return finish(request, walk)
}

private func finish(_ request: Request, _ walk: DirectoryWalk) -> Outcome {
    if let merged = walk.merged {
        request.perDirectory = request.connection.worker.merges.merge(request.perDirectory, merged)
    }
    return .ok
}

private enum ComponentKind {
    case directory
    case file(FileStatus)
    case nothing
    case failure(Int)
}

private func componentKind(_ request: Request, _ path: ByteString, _ options: Options) -> ComponentKind {
    switch request.files.linkLookup(path) {
    case .failure(.notFound): return .nothing
    case .failure(.accessDenied):
        request.log(
            .error, "core",
            "(13)Permission denied: AH00035: access to \(request.uri) denied (filesystem path '\(path)') because search permissions are missing on a component of the path"
        )
        return .failure(403)
    case .failure(let error):
        request.log(
            .error, "core",
            "(\(error.rawValue))\(error.description): AH00036: access to \(request.uri) failed (filesystem path '\(path)')"
        )
        return .failure(403)
    case .success(var status):
        if status.kind == .symlink {
            guard symbolicLinkAllowed(path, options, request.files), let target = request.files.status(path) else {
                request.log(.error, "core", "AH00037: Symbolic link not allowed or link target not accessible: \(path)")
                return .failure(403)
            }
            status = target
        }
        switch status.kind {
        case .directory: return .directory
        case .regular: return .file(status)
        default:
            request.log(.error, "core", "AH00038: Forbidden: \(path) doesn't point to a file or directory")
            return .failure(403)
        }
    }
}

/// server/request.c resolve_symlink: whether `Options` let the walk follow `path` if it is a link.
func symbolicLinkAllowed(_ path: ByteString, _ options: Options, _ files: FileCache) -> Bool {
    guard case .success(let link) = files.linkLookup(path) else { return false }
    guard link.kind == .symlink else { return true }
    if options.contains(.followSymLinks) { return files.status(path) != nil }
    guard options.contains(.symLinksIfOwnerMatch) else { return false }
    guard let target = files.status(path) else { return false }
    return target.uid == link.uid
}

private func applyDirectoryMatches(_ request: Request) {
    guard let name = request.filename else { return }
    var found: PerDirectoryConfig?
    for section in request.server.directorySections {
        guard case .regex(let regex) = section.pattern else { continue }
        if matchNaming(regex, name, request) {
            found = request.connection.worker.merges.merge(found, section.config)
        }
    }
    if let found { request.perDirectory = request.connection.worker.merges.merge(request.perDirectory, found) }
}

/// `/a/b/c` → `/a/b/`.
func parentDirectory(_ path: ByteString) -> ByteString {
    guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return "/" }
    return path.upTo(slash + 1)
}

/// Collapses `//`, `/./` and `/../`; nil when not absolute or above the root (apr_filepath_merge).
func canonicalPath(_ path: ByteString) -> ByteString? {
    guard path.first == UInt8(ascii: "/"), !path.contains(0) else { return nil }
    if !needsCanonicalizing(path) { return path }
    var parts: [ByteString] = []
    for part in path.split(on: UInt8(ascii: "/")) where !part.isEmpty && part != "." {
        if part == ".." {
            if parts.popLast() == nil { return nil }
        } else {
            parts.append(part)
        }
    }
    var result: [UInt8] = []
    for part in parts {
        result.append("/")
        result.append(part)
    }
    if path.last == UInt8(ascii: "/") || result.isEmpty { result.append("/") }
    return ByteString(result)
}

private func needsCanonicalizing(_ path: ByteString) -> Bool {
    var previous: UInt8 = 0
    for byte in path.bytes {
        if previous == UInt8(ascii: "/"), byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") { return true }
        previous = byte
    }
    return false
}
