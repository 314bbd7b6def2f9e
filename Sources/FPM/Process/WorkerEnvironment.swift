// PHP: sapi/fpm/fpm/fpm_env.c
import Bytes
import Kernel

/// `clear_env`, `env[]`, USER and HOME.
enum WorkerEnvironment {
    /// USER and HOME of a pool as `env[]` leaves them, then `env[]`; `$NAME` stands for the supervisor's variable. To be made
    /// before the root changes, because it asks for the user's name.
    static func variables(of pool: PoolConfig) -> [KeyValue] {
        let uid = pool.uid ?? Process.userID
        let name = Users.name(uid: uid)
        let home = pool.home ?? name.flatMap { Users.user($0)?.home }
        var result: [KeyValue] = []
        func isSet(_ key: ByteString) -> Bool { pool.env.contains { $0.key == key } }
        if let name, !isSet("USER") { result.append(KeyValue("USER", name)) }
        if let home, !isSet("HOME") { result.append(KeyValue("HOME", home)) }
        for entry in pool.env {
            let refers = entry.value.first == UInt8(ascii: "$")
            result.append(
                KeyValue(entry.key, refers ? Environment.get(entry.value.from(1)) ?? "" : entry.value))
        }
        return result
    }
    static func enter(_ variables: [KeyValue], clear: Bool) {
        if clear { Environment.clear() }
        for entry in variables { Environment.set(entry.key, entry.value) }
    }
}
