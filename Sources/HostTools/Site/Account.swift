// Debian: adduser(8), gpasswd(1), userdel(8)
import Bytes
import Kernel

/// The user that a site belongs to.
struct Account {
    let name: ByteString
    /// What `martinet site add` writes into the field of the full name, and what `remove` asks for before it deletes a user.
    static let comment: ByteString = "martinet site"

    var user: Users.User? { Users.user(name) }
    /// By the group of the same name, or the user's own.
    var group: ByteString { user.flatMap { Users.name(gid: $0.gid) } ?? name }
    var home: ByteString { user?.home ?? "/home/\(name)" }
    /// Whether `martinet site add` made the user.
    var isOurs: Bool {
        guard let line = try? Command.run(["getent", "passwd", name], capturing: true).output else { return false }
        let fields = line.split(on: UInt8(ascii: ":"))
        return fields.count > 4 && fields[4].split(on: UInt8(ascii: ","))[0] == Self.comment
    }
    func isMember(of group: ByteString) -> Bool {
        guard let user, let gid = Users.group(group) else { return false }
        return user.gid == gid || Users.groups(of: name, primary: user.gid).contains(gid)
    }

    /// What `adduser` takes by default.
    static func isName(_ name: ByteString) -> Bool {
        guard let first = name.first, first &- 97 < 26, name.count <= 32 else { return false }
        return name.allSatisfy { ($0 &- 97 < 26) || ASCII.isDigit($0) || $0 == 45 || $0 == 95 }
    }

    // MARK: Making and taking back

    func make(_ journal: Journal) throws(SiteError) {
        journal.record("delete the user \(name)") { () throws(SiteError) in try delete() }
        try Self.run(["adduser", "--quiet", "--disabled-password", "--gecos", Self.comment, name])
        let home = home
        do throws(Errno) {
            try File.setMode(home, 0o750)
            let profile: ByteString = "\(home)/.profile"
            guard let text = try? File.readWhole(profile, limit: 1 << 20), let status = try? FileStatus(profile),
                let line = ByteString(text).firstRange(of: "#umask 022")
            else { return }
            let whole = ByteString(text)
            let changed = whole.upTo(line.lowerBound) + "umask 027" + whole.from(line.upperBound)
            try File.writeWhole(profile, changed.bytes, mode: status.mode)
        } catch { throw SiteError(home, error) }
    }
    /// With the home. Processes that still end are waited for; what does not end is killed.
    func delete() throws(SiteError) {
        guard Users.user(name) != nil else { return }
        let home = home
        let isTheirs = user.map { $0.uid == (try? FileStatus(link: home))?.uid } ?? false
        var last = Command.Result(status: 0, output: "")
        for attempt in 0..<40 {
            if attempt == 20 { for pid in Self.processes(of: name) { try? Process.kill(pid, Signal.kill) } }
            last =
                (try? Command.run(["userdel", "--remove", name], capturing: true, merging: true))
                ?? Command.Result(status: 127, output: "userdel cannot be run")
            if Users.user(name) == nil { break }
            // 8: the user's processes.
            guard last.status == 8 else { break }
            MonotonicTime.sleep(milliseconds: 100)
        }
        guard Users.user(name) == nil else { throw SiteError("userdel \(name): \(last.output.trimmed())") }
        if isTheirs, File.isThere(home), RelativePath.directory(of: home) != "/" {
            try Self.run(["rm", "-rf", "--", home])
        }
        if Users.group(name) != nil { try Self.run(["groupdel", name]) }
    }
    static func processes(of name: ByteString) -> [Int32] {
        guard let uid = Users.user(name)?.uid, uid != 0 else { return [] }
        return ((try? Directory.entries("/proc")) ?? []).compactMap { entry in
            guard let pid = entry.name.decimal, (try? FileStatus("/proc/\(entry.name)" as ByteString))?.uid == uid
            else { return nil }
            return Int32(exactly: pid)
        }
    }
    /// Lets `member` read what this user's group may read.
    func admit(_ member: ByteString, _ journal: Journal) throws(SiteError) {
        let group = group
        journal.record("take \(member) out of the group \(group)") { () throws(SiteError) in
            guard Users.group(group) != nil, Account(name: member).isMember(of: group) else { return }
            try Self.run(["gpasswd", "--delete", member, group])
        }
        try Self.run(["gpasswd", "--add", member, group])
    }

    // MARK: As the user

    /// A shell script with the user's rights: in directories that are the user's, root does nothing by itself.
    func perform(_ script: ByteString, _ arguments: [ByteString] = []) throws(SiteError) {
        try Self.run(["runuser", "-u", name, "--", "/bin/sh", "-c", "umask 027; set -e; \(script)", "sh"] + arguments)
    }
    static func run(_ words: [ByteString]) throws(SiteError) {
        let result: Command.Result
        do throws(Errno) {
            result = try Command.run(words, capturing: true, merging: true)
        } catch { throw SiteError("\(words[0]): \(error.text)") }
        guard result.status == 0 else {
            let said = result.output.trimmed()
            throw SiteError("\(words[0]): \(said.isEmpty ? "ended with status \(result.status)" : said)")
        }
    }
}
