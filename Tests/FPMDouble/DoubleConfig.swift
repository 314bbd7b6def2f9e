import Bytes
import FPM
import Kernel

/// `section key value` lines; the section `global` is no pool. Just what the tests need.
struct DoubleConfig {
    var config: FPMConfig
    var logLevel = LogLevel.debug

    static func read(_ path: ByteString, _ log: ErrorLog) -> DoubleConfig? {
        guard let bytes = try? File.readWhole(path, limit: 1 << 20) else { return nil }
        var result = DoubleConfig(config: FPMConfig(file: path, global: GlobalConfig(), pools: []))
        for line in ByteString(bytes).split(on: 10) where !line.isEmpty {
            let words = line.words()
            guard words.count == 3, result.set(words[0], words[1].string, words[2]) else {
                log(.error, "bad line: \(line)")
                return nil
            }
        }
        return result
    }
    private mutating func set(_ section: ByteString, _ key: String, _ value: ByteString) -> Bool {
        if section == "global" { return setGlobal(key, value) }
        let index = config.pools.firstIndex { $0.name == section } ?? config.pools.count
        if index == config.pools.count { config.pools.append(PoolConfig(name: section)) }
        let number = value.decimal ?? 0
        switch key {
        case "listen": config.pools[index].listen = value
        case "pm": config.pools[index].pm = ProcessManagement(rawValue: value.string)
        case "max_children": config.pools[index].maxChildren = number
        case "start_servers": config.pools[index].startServers = number
        case "min_spare_servers": config.pools[index].minSpareServers = number
        case "max_spare_servers": config.pools[index].maxSpareServers = number
        case "process_idle_timeout": config.pools[index].processIdleTimeout = number
        case "queue_timeout": config.pools[index].queueTimeout = number
        case "request_terminate_timeout": config.pools[index].requestTerminateTimeout = number
        case "catch_workers_output": config.pools[index].catchWorkersOutput = value == "yes"
        case "decorate_workers_output": config.pools[index].decorateWorkersOutput = value == "yes"
        case "clear_env": config.pools[index].clearEnv = value == "yes"
        case "chdir": config.pools[index].chdir = value
        case "chroot": config.pools[index].chroot = value
        case "user":
            config.pools[index].user = value
            config.pools[index].uid = Users.user(value)?.uid
            config.pools[index].gid = Users.user(value)?.gid
            config.pools[index].home = Users.user(value)?.home
        case "env": config.pools[index].env.append(KeyValue("DOUBLE", value))
        default: return false
        }
        return true
    }
    private mutating func setGlobal(_ key: String, _ value: ByteString) -> Bool {
        let number = value.decimal ?? 0
        switch key {
        case "process_control_timeout": config.global.processControlTimeout = number
        case "process_max": config.global.processMax = number
        case "emergency_restart_threshold": config.global.emergencyRestartThreshold = number
        case "emergency_restart_interval": config.global.emergencyRestartInterval = number
        case "log_level": logLevel = LogLevel(rawValue: number) ?? .debug
        default: return false
        }
        return true
    }
}

/// Unix sockets, handed over an exec in the environment.
final class DoubleListeners {
    private var inherited: [ByteString: Int32] = [:]
    init() {
        for entry in (Environment.get("DOUBLE_SOCKETS") ?? "").split(on: UInt8(ascii: ",")) {
            let parts = entry.split(on: UInt8(ascii: "="))
            if parts.count == 2, let number = parts[1].decimal { inherited[parts[0]] = Int32(number) }
        }
        Environment.remove("DOUBLE_SOCKETS")
    }
    func listen(_ pool: PoolConfig, _ log: ErrorLog) -> Int32? {
        guard let path = pool.listen else { return nil }
        if let descriptor = inherited.removeValue(forKey: path) {
            File.setCloseOnExec(descriptor, true)
            log(.notice, "using inherited socket fd=\(descriptor), \"\(path)\"")
            return descriptor
        }
        do throws(Errno) { return try Socket.listenUnix(path).take() } catch {
            log(.error, "unable to bind listening socket for address '\(path)'", error)
            return nil
        }
    }
    func handOver(_ list: [(pool: PoolConfig, listener: Int32)]) {
        var text: ByteString = ""
        for (pool, listener) in list {
            File.setCloseOnExec(listener, false)
            text += "\(pool.listen ?? "")=\(listener)," as ByteString
        }
        Environment.set("DOUBLE_SOCKETS", text)
    }
}
