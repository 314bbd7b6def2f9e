// Debian: apache2.service, php8.2-fpm.service, martinet.service, martinet-fpm.service
import Bytes
import Kernel

/// What runs, by pid file: the program behind the number is the one that is asked.
struct RunningProgram {
    let pid: Int32
    /// Without " (deleted)", which a program that was upgraded has.
    let program: ByteString

    init?(pidFile: ByteString) {
        guard let text = try? File.readWhole(pidFile, limit: 4096), let number = ByteString(text).trimmed().decimal,
            let pid = Int32(exactly: number), pid > 1, (try? Process.kill(pid, 0)) != nil,
            let program = try? File.readLink("/proc/\(pid)/exe")
        else { return nil }
        self.pid = pid
        self.program = program.hasSuffix(" (deleted)") ? program.upTo(program.count - 10) : program
    }
    var name: ByteString { program.split(on: UInt8(ascii: "/")).last ?? "" }
    /// Processes whose parent this one is.
    var children: [Int32] {
        let text = (try? File.readWhole("/proc/\(pid)/task/\(pid)/children", limit: 1 << 20)) ?? []
        return ByteString(text).words().compactMap { $0.decimal.flatMap { Int32(exactly: $0) } }
    }
}

/// Asks systemd, where it is the first process.
enum Units {
    static var areThere: Bool { File.isDirectory("/run/systemd/system") }
    /// The first of these that runs.
    static func running(_ names: [ByteString]) -> ByteString? {
        guard areThere else { return nil }
        return names.first { Command.status(["systemctl", "--quiet", "is-active", $0], quiet: true) == 0 }
    }
}

/// The web server: Martinet or Apache, whichever reads the tree.
struct WebServer {
    let tree: ServerTree
    let running: RunningProgram?
    private let unit: ByteString?

    init(_ tree: ServerTree) {
        self.tree = tree
        running = RunningProgram(pidFile: tree.pidFile)
        unit = tree.root == "/etc/apache2" ? Units.running(["martinet.service", "apache2.service"]) : nil
    }
    var isRunning: Bool { unit != nil || running != nil }
    private var program: ByteString {
        if let running, File.isAccessible(running.program, execute: true) { return running.program }
        // Below another root this program need not be there.
        let candidates = [try? File.readLink("/proc/self/exe"), "/usr/sbin/martinet", "/usr/sbin/apache2"]
        return candidates.compactMap { $0 }.first { File.isAccessible($0, execute: true) } ?? "martinet"
    }
    /// `-t`.
    /// - Returns: What the server says against its configuration.
    func complaint() -> ByteString? {
        let environment = ShellVariables.after(
            "\(tree.root)/envvars", before: [("APACHE_CONFDIR", tree.root)], names: []
        ).environment
        let result = try? Command.run(
            [program, "-t", "-d", tree.root], environment: environment, capturing: true, merging: true)
        guard let result else { return "\(program) cannot be run" }
        return result.status == 0 ? nil : Self.withoutNotices(result.output)
    }
    /// Without the line about the server's name.
    private static func withoutNotices(_ text: ByteString) -> ByteString {
        let lines = text.trimmed().split(on: 10).filter { !$0.contains("AH00558") }
        return ByteString(lines.map(\.bytes).joined(separator: [10]))
    }
    func reload() throws(SiteError) {
        if let unit { return try Account.run(["systemctl", "reload", unit]) }
        guard let running else { return }
        do throws(Errno) { try Process.kill(running.pid, Signal.user1) } catch {
            throw SiteError("signal to the server (process \(running.pid)): \(error.text)")
        }
    }
    /// How a person does it.
    var reloadCommand: ByteString {
        if let unit { return "systemctl reload \(unit.upTo(unit.count - 8))" }
        return "kill -USR1 $(cat \(tree.pidFile))"
    }
}

/// The process manager of one version of PHP.
struct PHPManager {
    let files: PoolFiles
    let running: RunningProgram?
    private let unit: ByteString?

    init(_ files: PoolFiles) {
        self.files = files
        running = files.pidFile.flatMap { RunningProgram(pidFile: $0) }
        unit = Units.running(["martinet-fpm.service", "php\(files.version)-fpm.service"])
    }
    var isRunning: Bool { unit != nil || running != nil }
    /// The one that runs, or one that is installed.
    private var program: ByteString? {
        if let running, File.isAccessible(running.program, execute: true) { return running.program }
        var candidates: [ByteString] = ["/usr/sbin/martinet-fpm", "/usr/sbin/php-fpm\(files.version)"]
        if let own = try? File.readLink("/proc/self/exe") {
            candidates.insert("\(RelativePath.directory(of: own))/martinet-fpm", at: 0)
        }
        return candidates.first { File.isAccessible($0, execute: true) }
    }
    /// `-t`.
    func complaint() -> ByteString? {
        guard let program else {
            return "no process manager for PHP \(files.version) is installed (martinet-fpm or php\(files.version)-fpm)"
        }
        let result = try? Command.run([program, "-t", "-y", files.file], capturing: true, merging: true)
        guard let result else { return "\(program) cannot be run" }
        return result.status == 0 ? nil : result.output.trimmed()
    }
    /// One pool where the manager can do that, else all of them.
    func reload(pool: ByteString) throws(SiteError) {
        if let answer = ControlQuestion.ask(files.control, "reload \(pool)") {
            // A pool that is gone from the files and was never started is as wanted.
            let isGone = answer.hasPrefix("error: there is no pool")
            guard
                answer == "ok\n"
                    || (isGone && !PoolFiles(files.version, HostFiles()).pools.contains { $0.name == pool })
            else {
                throw SiteError("martinet-fpm: \(answer.trimmed())", cure: "its error log says more")
            }
            return
        }
        if let unit { return try Account.run(["systemctl", "reload", unit]) }
        guard let running else { return }
        do throws(Errno) { try Process.kill(running.pid, Signal.user2) } catch {
            throw SiteError("signal to the process manager (process \(running.pid)): \(error.text)")
        }
    }
    /// How a person does it.
    func reloadCommand(pool: ByteString) -> ByteString {
        if File.isThere(files.control) { return "martinet-fpm --pool \(pool) reload" }
        if let unit { return "systemctl reload \(unit.upTo(unit.count - 8))" }
        return files.pidFile.map { "kill -USR2 $(cat \($0))" } ?? "systemctl reload php\(files.version)-fpm"
    }
}

/// One line to the control socket of martinet-fpm, and its answer.
enum ControlQuestion {
    /// Nil where nobody listens, or says nothing for ten seconds.
    static func ask(_ path: ByteString, _ line: ByteString) -> ByteString? {
        guard let socket = try? Socket.connect(.unix(path)), (try? File.writeAll(socket.raw, line.bytes + [10])) != nil
        else { return nil }
        return Patience.receive(socket.raw, milliseconds: 10_000) { _ in false }.map { ByteString($0) }
    }
}

/// Waiting for another program with an end to it.
enum Patience {
    /// What comes until the other side closes, or `isEnough`; nil when it takes too long.
    static func receive(_ socket: Int32, milliseconds: UInt64, isEnough: ([UInt8]) -> Bool) -> [UInt8]? {
        let end = MonotonicTime.milliseconds + milliseconds
        var bytes: [UInt8] = []
        while bytes.count < 1 << 20 {
            switch Socket.receive(socket, into: &bytes, upTo: 65_536) {
            case .bytes(0): return bytes
            case .bytes: if isEnough(bytes) { return bytes }
            case .wouldBlock:
                guard MonotonicTime.milliseconds < end else { return nil }
                MonotonicTime.sleep(milliseconds: 5)
            case .failed: return bytes.isEmpty ? nil : bytes
            }
        }
        return bytes
    }
    static func until(milliseconds: UInt64, _ holds: () -> Bool) -> Bool {
        let end = MonotonicTime.milliseconds + milliseconds
        while !holds() {
            guard MonotonicTime.milliseconds < end else { return false }
            MonotonicTime.sleep(milliseconds: 20)
        }
        return true
    }
}
