// Apache: modules/ssl/ssl_engine_kernel.c (ssl_callback_SessionTicket)

import Bytes
import Kernel

/// The keys that session tickets are sealed with: the same for all children, and new ones every hour. The old ones open
/// tickets for two hours more. The parent makes the first; whichever child seals a ticket first after an hour makes the next.
final class TicketKeys: @unchecked Sendable {
    struct Key: Equatable {
        /// 16 bytes, which a ticket begins with.
        var name: [UInt8]
        var authentication: [UInt8]
        /// 16 bytes are for AES-128, 32 for AES-256.
        var encryption: [UInt8]
    }
    private let memory: SharedMemory
    /// Of `SSLSessionTicketKeyFile`: never changed.
    private let fixed: Key?
    static let period: UInt64 = 3600
    private static let kept = 3
    /// Words: sequence (odd while keys change), time of the newest key, how many there are, then keys of 10 words.
    private static let keyWords = 10

    /// Random keys. `random` gives so many random bytes.
    init(random: (Int) -> [UInt8], now: UInt64) throws(Errno) {
        memory = try SharedMemory(size: 4096)
        fixed = nil
        rotate(random, now)
    }
    /// The 48 bytes of a key file: name, then HMAC's key, then AES's.
    init(file bytes: [UInt8]) throws(Errno) {
        guard bytes.count >= 48 else { throw .invalid }
        memory = try SharedMemory(size: 4096)
        fixed = Key(
            name: Array(bytes[0..<16]), authentication: Array(bytes[16..<32]), encryption: Array(bytes[32..<48]))
    }
    /// The key for a new ticket.
    func current(random: (Int) -> [UInt8], now: UInt64) -> Key? {
        if let fixed { return fixed }
        if now >= memory.word(1).load() &+ Self.period { rotate(random, now) }
        return keys().first
    }
    /// The key of a ticket, and whether a newer one has come since.
    func find(_ name: [UInt8]) -> (key: Key, isOld: Bool)? {
        if let fixed { return fixed.name == name ? (fixed, false) : nil }
        let all = keys()
        guard let index = all.firstIndex(where: { $0.name == name }) else { return nil }
        return (all[index], index > 0)
    }

    private func keys() -> [Key] {
        for _ in 0..<1000 {
            let before = memory.word(0).loadAcquiring()
            if before % 2 == 1 { continue }
            let list = (0..<min(Self.kept, Int(truncatingIfNeeded: memory.word(2).load()))).map(read)
            if memory.word(0).loadAcquiring() == before { return list }
        }
        return []
    }
    private func read(_ index: Int) -> Key {
        var bytes: [UInt8] = []
        for word in 0..<Self.keyWords {
            let value = memory.word(8 + index * Self.keyWords + word).load()
            for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(byte * 8))) }
        }
        return Key(name: Array(bytes[0..<16]), authentication: Array(bytes[16..<48]), encryption: Array(bytes[48..<80]))
    }
    /// Whoever comes second finds it done.
    private func rotate(_ random: (Int) -> [UInt8], _ now: UInt64) {
        let fresh = random(Self.keyWords * 8)
        guard fresh.count == Self.keyWords * 8 else { return }
        let before = memory.word(0).load()
        guard before % 2 == 0, memory.word(0).compareExchange(expected: before, desired: before + 1) else { return }
        let count = min(Int(truncatingIfNeeded: memory.word(2).load()), Self.kept)
        for index in stride(from: min(count, Self.kept - 1), to: 0, by: -1) {
            for word in 0..<Self.keyWords {
                let old = memory.word(8 + (index - 1) * Self.keyWords + word).load()
                memory.word(8 + index * Self.keyWords + word).store(old)
            }
        }
        for word in 0..<Self.keyWords {
            var value: UInt64 = 0
            for byte in 0..<8 { value |= UInt64(fresh[word * 8 + byte]) << UInt64(byte * 8) }
            memory.word(8 + word).store(value)
        }
        memory.word(1).store(now)
        memory.word(2).store(UInt64(min(count + 1, Self.kept)))
        memory.word(0).storeReleasing(before + 2)
    }
}
