// Apache: server/request.c ap_directory_walk (one level of it), core_opts_merge

import Bytes
import Expressions
import Kernel

/// The options that matter on the way down, accumulated before any merge (core_opts_t).
struct WalkScope {
    var options: Options
    var add: Options
    var remove: Options
    var override: Allowed
    var overrideOptions: Options
    var overrideList: Set<ByteString>?
    var nonFatal: CoreDirectory.NonFatal

    init(_ core: CoreDirectory) {
        options = core.effectiveOptions
        add = core.optionsAdd
        remove = core.optionsRemove
        override = core.override.value(default: [])
        overrideOptions = core.overrideOptions
        overrideList = core.overrideList.value
        nonFatal = core.nonFatalOverride
    }
    mutating func merge(_ core: CoreDirectory) {
        if case .set(let value) = core.options {
            options = value
            add = core.optionsAdd
            remove = core.optionsRemove
        } else {
            add = add.subtracting(core.optionsRemove).union(core.optionsAdd)
            remove = remove.subtracting(core.optionsAdd).union(core.optionsRemove)
            options = options.subtracting(remove).union(add)
        }
        if case .set(let value) = core.override {
            override = value
            overrideOptions = core.overrideOptions
            nonFatal = core.nonFatalOverride
        }
        if case .set(let list) = core.overrideList { overrideList = list }
    }
}

/// What holds in one directory: everything merged from the root down to it.
struct DirectoryWalk {
    enum Result {
        case entered
        /// A status and the log message for a URL.
        case refused(Int, @Sendable (ByteString) -> ByteString)
    }
    var result = Result.entered
    /// An `.htaccess` file on the way is unreadable or wrong; it was logged.
    var htaccessError: Int?
    var merged: PerDirectoryConfig?
    var scope: WalkScope
}

/// Walks by server and directory, valid while ``FileCache/epoch`` stands.
struct DirectoryWalkCache {
    private struct Key: Hashable {
        let server: ObjectIdentifier
        let directory: ByteString
    }
    private var walks: [Key: DirectoryWalk] = [:]
    private var epoch: UInt64 = 0

    /// `directory` ends with a slash. Levels above it are walked (and kept) first.
    mutating func walk(to directory: ByteString, for request: Request) -> DirectoryWalk {
        let files = request.files
        if epoch != files.epoch {
            walks.removeAll(keepingCapacity: true)
            epoch = files.epoch
        }
        let key = Key(server: ObjectIdentifier(request.server), directory: directory)
        if let known = walks[key] { return known }
        let unreliable = files.unreliableAnswers
        let walk = walkLevel(directory, request)
        // A walk with an error in it is logged for each request, so it is made for each request.
        if files.unreliableAnswers == unreliable, walk.htaccessError == nil { walks[key] = walk }
        return walk
    }

    private mutating func walkLevel(_ directory: ByteString, _ request: Request) -> DirectoryWalk {
        var walk: DirectoryWalk
        if directory.count == 1 {
            walk = DirectoryWalk(scope: WalkScope(request.server.lookupDefaults.vector[Core.directory]))
        } else {
            let component = directory.upTo(directory.count - 1)
            walk = self.walk(to: parentDirectory(component), for: request)
            guard case .entered = walk.result, walk.htaccessError == nil else { return walk }
            if !walk.scope.options.contains(.followSymLinks) || walk.scope.options.contains(.symLinksIfOwnerMatch),
                !symbolicLinkAllowed(component, walk.scope.options, request.files)
            {
                walk.result = .refused(403) { _ in
                    "AH00037: Symbolic link not allowed or link target not accessible: \(component)"
                }
                return walk
            }
        }
        mergeSections(at: directory, into: &walk, request)
        mergeHtaccess(at: directory, into: &walk, request)
        return walk
    }

    private func mergeSections(at directory: ByteString, into walk: inout DirectoryWalk, _ request: Request) {
        let depth = directory.bytes.count { $0 == UInt8(ascii: "/") }
        for section in request.server.directorySections {
            switch section.pattern {
            case .regex: continue
            case .exact(let path):
                guard section.components == 0 ? depth == 1 : path == directory else { continue }
            case .wildcard(let pattern):
                guard section.components == 0 ? depth == 1 : section.components == depth,
                    section.components == 0 || Wildcard.matches(pattern, directory, [.pathName])
                else { continue }
            }
            walk.scope.merge(section.config.vector[Core.directory])
            walk.merged = request.connection.worker.merges.merge(walk.merged, section.config)
        }
    }

    private func mergeHtaccess(at directory: ByteString, into walk: inout DirectoryWalk, _ request: Request) {
        guard !walk.scope.override.isEmpty || walk.scope.overrideList?.isEmpty == false else { return }
        switch readHtaccess(in: directory, walk.scope, request) {
        case .none: return
        case .failed(let status): walk.htaccessError = status
        case .config(let config):
            walk.scope.merge(config.vector[Core.directory])
            walk.merged = request.connection.worker.merges.merge(walk.merged, config)
        }
    }
}
