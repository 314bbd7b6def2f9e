// Apache: support/apachectl.in (ENVVARS); Debian's /etc/apache2/envvars

import Bytes
import Kernel
import Synchronization

/// The shell file that sets the variables of a Debian configuration. `apache2ctl` reads it before it starts the server;
/// this server reads it by itself where the variables are not set.
public enum Envvars {
    /// What `<root>/envvars` exports; nil when there is no such file or the variables are set already.
    /// The file is a shell script, so the shell runs it.
    static func read(serverRoot: ByteString) -> [ByteString: ByteString]? {
        let path: ByteString = "\(serverRoot)/envvars"
        guard wasApplied("APACHE_RUN_DIR") || Environment.get("APACHE_RUN_DIR") == nil,
            (try? FileStatus(path))?.isRegular == true,
            let output = runShell(path, serverRoot)
        else { return nil }
        var variables: [ByteString: ByteString] = [:]
        for entry in output.split(on: 0) {
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = entry.upTo(equals)
            if ["_", "PWD", "SHLVL", "OLDPWD"].contains(name) { continue }
            if Environment.get(name) == nil || wasApplied(name) { variables[name] = entry.from(equals + 1) }
        }
        return variables
    }
    /// Runs the file with a clean environment and prints what it exported, separated by NUL.
    private static func runShell(_ path: ByteString, _ serverRoot: ByteString) -> ByteString? {
        guard let pipe = try? Pipe() else { return nil }
        let ends = pipe.split()
        let clean: [ByteString] = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "APACHE_CONFDIR=\(serverRoot)",
        ]
        let pid = try? Process.spawn(
            "/bin/sh", arguments: ["sh", "-c", ". \"$1\" >/dev/null; exec env -0", "sh", path], environment: clean,
            directory: nil, output: ends.writer)
        File.close(ends.writer)
        defer { File.close(ends.reader) }
        guard let pid else { return nil }
        var output: [UInt8] = []
        while case .bytes(let count) = File.read(ends.reader, into: &output, count: 4096), count > 0 {}
        guard Process.reap(pid, wait: true)?.code == 0 else { return nil }
        return ByteString(output)
    }

    /// Names that this file set before: a later reading may change them.
    private static let applied = Mutex<Set<ByteString>>([])
    private static func wasApplied(_ name: ByteString) -> Bool { applied.withLock { $0.contains(name) } }

    /// Puts the variables into the environment, for CGI programs, locales and piped logs.
    static func apply(_ variables: [ByteString: ByteString]) {
        for (name, value) in variables where name != "PATH" && name != "APACHE_CONFDIR" {
            Environment.set(name, value)
            applied.withLock { _ = $0.insert(name) }
        }
        // "this won't be correct after changing uid"
        Environment.remove("HOME")
    }
    /// Makes the directories that `apache2ctl` makes, when root starts the server.
    public static func makeRuntimeDirectories() {
        guard Process.userID == 0 else { return }
        let user = Environment.get("APACHE_RUN_USER").flatMap { Users.user($0) }
        if let run = Environment.get("APACHE_RUN_DIR") {
            make(run, owner: nil)
            make("\(run)/socks", owner: user)
        }
        if let lock = Environment.get("APACHE_LOCK_DIR") { make(lock, owner: user) }
    }
    private static func make(_ path: ByteString, owner: Users.User?) {
        guard path.first == UInt8(ascii: "/"), !File.exists(path) else { return }
        var index = 1
        while index < path.count {
            if path[index] == UInt8(ascii: "/") { try? Directory.make(path.upTo(index)) }
            index += 1
        }
        guard (try? Directory.make(path)) != nil, let owner else { return }
        try? File.setOwner(path, uid: owner.uid, gid: 0)
    }
}
