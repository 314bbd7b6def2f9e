// Apache: modules/md/md_store_fs.c, modules/md/md_store.h

import Bytes
import Kernel

/// mod_md's store: folders and files below `MDStoreDir`.
///
/// Keys in `accounts` and `staging` are encrypted under the key of `md_store.json`, so that who may read those folders
/// learns no secrets; those of `domains`, `challenges` and `tmp` are plain, and `domains` and `tmp` closed to others.
/// Calls block. Two processes may use one store: files are replaced by renaming.
public struct Store: Sendable {
    /// md_store_group_t
    public enum Group: String, Sendable, CaseIterable {
        case accounts, challenges, domains, staging, archive, tmp, ocsp
    }

    public enum Failure: Error, Sendable, CustomStringConvertible {
        case notFound
        case system(Errno, ByteString)
        case damaged(ByteString)

        public var description: String {
            switch self {
            case .notFound: "no such entry"
            case .system(let error, let path): "\(path): \(error)"
            case .damaged(let path): "\(path) cannot be understood"
            }
        }
        public var isNotFound: Bool {
            if case .notFound = self { return true }
            return false
        }
    }
    public let base: ByteString
    private let phrase: [UInt8]

    static let version = 3.0
    static let phraseLength = 48
    static let fileLimit = 1024 * 1024

    /// Opens a store, or begins one. Stores of mod_md's earlier versions are brought to this one.
    public init(_ base: ByteString) throws(Failure) {
        self.base = base
        if !((try? FileStatus(base))?.isDirectory ?? false) {
            try Self.makeDirectories(base, mode: 0o700)
            try Self.run(base) { () throws(Errno) in try File.setMode(base, 0o755) }
        }
        let file = base + "/md_store.json"
        if !File.exists(file) { try Self.begin(file) }
        guard let json = try? JSON(try Self.read(file)), case let version = json["store"]["version"].number ?? 1,
            version <= Self.version, let phrase = json["key"].string.flatMap(Base64URL.decode),
            phrase.count == Self.phraseLength
        else { throw .damaged(file) }
        self.phrase = phrase
        if version < Self.version { try upgrade(file, json, from: version) }
    }
    private static func begin(_ file: ByteString) throws(Failure) {
        guard let key = try? Random.bytes(phraseLength) else { throw .damaged(file) }
        let json: JSON = ["store": ["version": .real(version)], "key": .string(Base64URL.encode(key))]
        do throws(Errno) {
            let descriptor = try File.open(file, [.writeOnly, .create, .exclusive], mode: 0o600)
            try File.writeAll(descriptor.raw, json.text(indented: true))
        } catch  where error == .exists {
            return
        } catch { throw .system(error, file) }
    }
    private func upgrade(_ file: ByteString, _ json: JSON, from version: Double) throws(Failure) {
        if version <= 1 {
            for group in Group.allCases {
                for name in names(group) {
                    let folder = path(group, name)
                    if File.exists(folder + "/pkey.pem") {
                        try? File.rename(folder + "/pkey.pem", to: folder + "/privkey.pem")
                    }
                    joinCertificates(group, name)
                }
            }
        }
        var json = json
        json["version"] = .null
        json["store"] = ["version": .real(Self.version)]
        try Self.replace(file, json.text(indented: true), mode: 0o600)
    }
    /// Version 1 had the certificate and its chain apart.
    private func joinCertificates(_ group: Group, _ name: String) {
        let folder = path(group, name)
        guard group == .domains || group == .archive, !File.exists(folder + "/pubcert.pem"),
            let certificate = try? Self.read(folder + "/cert.pem")
        else { return }
        let chain = (try? Self.read(folder + "/chain.pem")) ?? []
        let list = Certificate.chain(pem: certificate).prefix(1) + Certificate.chain(pem: chain)
        try? Self.replace(folder + "/pubcert.pem", list.flatMap(\.pem), mode: 0o600)
    }

    // MARK: Places

    public func path(_ group: Group, _ name: String, _ file: String? = nil) -> ByteString {
        let folder = base + "/" + ByteString(group.rawValue) + "/" + ByteString(name)
        return file.map { folder + "/" + ByteString($0) } ?? folder
    }
    /// The folders of a group.
    public func names(_ group: Group) -> [String] {
        let entries = (try? Directory.entries(base + "/" + ByteString(group.rawValue))) ?? []
        return entries.map(\.name.string).filter { $0 != "." && $0 != ".." }.sorted()
    }
    /// The files of an entry.
    public func files(_ group: Group, _ name: String) -> [String] {
        ((try? Directory.entries(path(group, name))) ?? []).map(\.name.string).filter { $0 != "." && $0 != ".." }
    }
    public func exists(_ group: Group, _ name: String, _ file: String) -> Bool {
        (try? FileStatus(path(group, name, file)))?.isRegular ?? false
    }
    /// Microseconds since the epoch; nil for what does not exist.
    public func modified(_ group: Group, _ name: String, _ file: String) -> Int64? {
        (try? FileStatus(path(group, name, file)))?.modifiedMicroseconds
    }
    private static func modes(_ group: Group) -> (directory: UInt32, file: UInt32) {
        switch group {
        case .accounts, .staging, .challenges, .ocsp: (0o755, 0o644)
        case .domains, .archive, .tmp: (0o700, 0o600)
        }
    }
    private func phrase(of group: Group) -> [UInt8] {
        switch group {
        case .domains, .challenges, .tmp: []
        default: phrase
        }
    }

    // MARK: Reading

    public func bytes(_ group: Group, _ name: String, _ file: String) throws(Failure) -> [UInt8] {
        try Self.read(path(group, name, file))
    }
    public func json(_ group: Group, _ name: String, _ file: String) throws(Failure) -> JSON {
        let bytes = try bytes(group, name, file)
        guard let json = try? JSON(bytes) else { throw .damaged(path(group, name, file)) }
        return json
    }
    public func key(_ group: Group, _ name: String, _ file: String) throws(Failure) -> PrivateKey {
        let bytes = try bytes(group, name, file)
        guard let key = try? PrivateKey(pem: bytes, phrase: phrase(of: group)) else {
            throw .damaged(path(group, name, file))
        }
        return key
    }
    /// The certificates of a file, the server's first; throws `notFound` when there are none.
    public func chain(_ group: Group, _ name: String, _ file: String) throws(Failure) -> [Certificate] {
        let list = Certificate.chain(pem: try bytes(group, name, file))
        guard !list.isEmpty else { throw .notFound }
        return list
    }
    public func domain(_ group: Group, _ name: String) throws(Failure) -> ManagedDomain {
        guard let domain = ManagedDomain(try json(group, name, "md.json")) else {
            throw .damaged(path(group, name, "md.json"))
        }
        return domain
    }

    // MARK: Writing

    public func save(_ bytes: [UInt8], _ group: Group, _ name: String, _ file: String, mode: UInt32? = nil)
        throws(Failure)
    {
        let modes = Self.modes(group)
        try makeGroup(base + "/" + ByteString(group.rawValue), modes.directory)
        try makeGroup(path(group, name), modes.directory)
        try Self.replace(path(group, name, file), bytes, mode: mode ?? modes.file)
    }
    private func makeGroup(_ folder: ByteString, _ mode: UInt32) throws(Failure) {
        if let status = try? FileStatus(folder), status.isDirectory, status.mode & 0o777 == mode { return }
        try Self.makeDirectories(folder, mode: mode)
        try Self.run(folder) { () throws(Errno) in try File.setMode(folder, mode) }
    }
    public func save(_ json: JSON, _ group: Group, _ name: String, _ file: String) throws(Failure) {
        try save(json.text(indented: true), group, name, file)
    }
    public func save(_ domain: ManagedDomain, _ group: Group) throws(Failure) {
        try save(domain.json, group, domain.name, "md.json")
    }
    public func save(_ key: PrivateKey, _ group: Group, _ name: String, _ file: String) throws(Failure) {
        let phrase = phrase(of: group)
        guard let pem = try? key.pem(phrase: phrase) else { throw .damaged(path(group, name, file)) }
        try save(pem, group, name, file, mode: phrase.isEmpty ? 0o600 : nil)
    }
    public func save(_ chain: [Certificate], _ group: Group, _ name: String, _ file: String) throws(Failure) {
        try save(chain.flatMap(\.pem), group, name, file)
    }
    /// Takes an entry away with all that is in it.
    ///
    /// The children's user writes in some groups and might put links to elsewhere there: root takes an entry to its own
    /// folder first, and then only takes away names.
    public func purge(_ group: Group, _ name: String) {
        var folder = path(group, name)
        if Process.userID == 0, [.staging, .challenges, .ocsp].contains(group) {
            let aside = path(.tmp, "\(name).\(group.rawValue).purge")
            guard (try? makeGroup(base + "/tmp", 0o700)) != nil else { return }
            Self.clear(aside)
            guard (try? File.rename(folder, to: aside)) != nil else { return }
            folder = aside
        }
        Self.clear(folder)
    }
    private static func clear(_ folder: ByteString) {
        guard let status = try? FileStatus(link: folder) else { return }
        guard status.isDirectory else { return (try? File.unlink(folder)) ?? () }
        for entry in (try? Directory.entries(folder)) ?? [] where entry.name != "." && entry.name != ".." {
            try? File.unlink(folder + "/" + entry.name)
        }
        try? Directory.remove(folder)
    }
    public func remove(_ group: Group, _ name: String, _ file: String) { try? File.unlink(path(group, name, file)) }

    /// Puts an entry in the place of one of another group; the old one goes to `archive/NAME.N`.
    public func move(_ name: String, from: Group, to: Group) throws(Failure) {
        let source = path(from, name)
        let target = path(to, name)
        guard File.exists(source) else { throw .notFound }
        try makeGroup(base + "/" + ByteString(to.rawValue), Self.modes(to).directory)
        guard File.exists(target) else {
            return try Self.run(target) { () throws(Errno) in try File.rename(source, to: target) }
        }
        try makeGroup(base + "/archive", 0o700)
        let archived = try archivePlace(name)
        try Self.run(target) { () throws(Errno) in try File.rename(target, to: archived) }
        do throws(Errno) {
            try File.rename(source, to: target)
        } catch {
            try? File.rename(archived, to: target)
            throw .system(error, target)
        }
    }
    /// A new empty folder `archive/NAME.N`.
    private func archivePlace(_ name: String) throws(Failure) -> ByteString {
        for number in 1..<1000 {
            let place = path(.archive, "\(name).\(number)")
            do throws(Errno) {
                try Directory.make(place, mode: 0o700)
                return place
            } catch {
                guard error == .exists else { throw .system(error, place) }
            }
        }
        throw .damaged(path(.archive, name))
    }
    public func rename(_ group: Group, _ old: String, to new: String) throws(Failure) {
        let target = path(group, new)
        let source = path(group, old)
        guard File.exists(source) else { return }
        try Self.run(target) { () throws(Errno) in try File.rename(source, to: target) }
    }
    /// Lets the children's user write where renewals work (`staging`, `challenges`, `ocsp`); only folders in root's own
    /// folder change hands.
    public func give(uid: UInt32, gid: UInt32) throws(Failure) {
        for group in [Group.challenges, .staging, .accounts, .ocsp] {
            let folder = base + "/" + ByteString(group.rawValue)
            try makeGroup(folder, Self.modes(group).directory)
            guard Process.userID == 0, group != .accounts else { continue }
            try Self.run(folder) { () throws(Errno) in try File.setOwner(folder, uid: uid, gid: gid) }
        }
    }

    // MARK: Files

    private static func run(_ path: ByteString, _ call: () throws(Errno) -> Void) throws(Failure) {
        do throws(Errno) { try call() } catch { throw .system(error, path) }
    }
    static func read(_ path: ByteString) throws(Failure) -> [UInt8] {
        do throws(Errno) {
            return try File.readWhole(path, limit: fileLimit)
        } catch {
            throw error == .notFound || error == .notDirectory ? .notFound : .system(error, path)
        }
    }
    /// Nobody sees half a file: it is written beside and renamed.
    static func replace(_ path: ByteString, _ bytes: [UInt8], mode: UInt32) throws(Failure) {
        let temporary = path + ".tmp." + ByteString(decimal: Process.id)
        try run(path) { () throws(Errno) in
            try? File.unlink(temporary)
            try File.writeWhole(temporary, bytes, mode: mode)
            try File.setMode(temporary, mode)
            try File.rename(temporary, to: path)
        }
    }
    private static func makeDirectories(_ path: ByteString, mode: UInt32) throws(Failure) {
        if (try? FileStatus(path))?.isDirectory ?? false { return }
        if let slash = path.lastIndex(of: UInt8(ascii: "/")), slash > 0 {
            try makeDirectories(path.upTo(slash), mode: mode)
        }
        do throws(Errno) {
            try Directory.make(path, mode: mode)
        } catch {
            guard error == .exists else { throw .system(error, path) }
        }
    }
}

/// `store.lock`, held until this value goes (`MDStoreLocks`).
public struct StoreLock: ~Copyable {
    private let descriptor: Descriptor

    /// - Returns: nil when somebody else holds it for longer than this.
    public init?(_ store: Store, milliseconds: Int64) {
        let end = MonotonicTime.milliseconds + UInt64(max(0, milliseconds))
        guard let file = try? File.open(store.base + "/store.lock", [.writeOnly, .create], mode: 0o640) else {
            return nil
        }
        while !File.tryLock(file.raw) {
            guard MonotonicTime.milliseconds < end else { return nil }
            _ = Poll.readable([], milliseconds: 100)
        }
        descriptor = file
    }
}
