// Apache: modules/cache/mod_socache_shmcb.c

import Bytes
import Kernel

/// Sessions that all children can resume, in memory the parent made. Each has a fixed place among four that its name
/// allows; the one that ends soonest makes room. A place is locked for the moment of copying; a place whose holder died stays
/// locked and is passed over.
final class SessionCache: @unchecked Sendable {
    private let memory: SharedMemory
    private let small: Places
    private let large: Places

    /// Places of one size, as words.
    private struct Places {
        var first: Int
        var count: Int
        /// Words of one place: lock, end, hash, length, then the bytes.
        var size: Int
        var capacity: Int { (size - 4) * 8 }
    }

    /// - Parameter size: Bytes.
    init(size: Int) throws(Errno) {
        memory = try SharedMemory(size: max(size, 8192))
        let words = memory.size / 8
        let (smallSize, largeSize) = (48, 512)
        let largeCount = max(4, words / 4 / largeSize / 4 * 4)
        large = Places(first: 0, count: words / 4 < largeSize * 4 ? 0 : largeCount, size: largeSize)
        let start = large.count * largeSize
        small = Places(first: start, count: max(4, (words - start) / smallSize / 4 * 4), size: smallSize)
    }

    /// A cache for answers of OCSP responders, which are longer than sessions: half of it for those up to 2 kB, half for those up
    /// to 10 kB, and room for four of each at least.
    init(forAnswers size: Int) throws(Errno) {
        let (smallSize, largeSize) = (4 + 260, 4 + 1282)
        let words = max(size / 8, 8 * largeSize)
        memory = try SharedMemory(size: words * 8)
        large = Places(first: 0, count: max(4, words / 2 / largeSize / 4 * 4), size: largeSize)
        let start = large.count * largeSize
        small = Places(first: start, count: max(4, (words - start) / smallSize / 4 * 4), size: smallSize)
    }

    private static func hash(_ id: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in id { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash | 1
    }
    /// Keeps a session until `end` (seconds since the epoch). One that is too large is not kept.
    func insert(_ id: [UInt8], _ session: [UInt8], end: UInt64, now: UInt64) {
        let places = session.count <= small.capacity ? small : large
        guard places.count > 0, session.count <= places.capacity else { return }
        let hash = Self.hash(id)
        // One that changes its size does not stay at its old place.
        let other = session.count <= small.capacity ? large : small
        if other.count > 0, candidates(hash, other).contains(where: { memory.word($0 + 2).load() == hash }) {
            remove(id)
        }
        var best = 0
        var bestEnd = UInt64.max
        for place in candidates(hash, places) {
            let until = memory.word(place + 1).load()
            if memory.word(place + 2).load() == hash {
                best = place
                break
            }
            if until < bestEnd { (best, bestEnd) = (place, until) }
        }
        locked(best) {
            memory.word(best + 1).store(end)
            memory.word(best + 2).store(hash)
            memory.word(best + 3).store(UInt64(session.count))
            for index in 0..<(session.count + 7) / 8 {
                var word: UInt64 = 0
                for byte in 0..<min(8, session.count - index * 8) {
                    word |= UInt64(session[index * 8 + byte]) << UInt64(byte * 8)
                }
                memory.word(best + 4 + index).store(word)
            }
        }
    }
    /// The session, if it is there and has not ended.
    func find(_ id: [UInt8], now: UInt64) -> [UInt8]? {
        let hash = Self.hash(id)
        for places in [small, large] where places.count > 0 {
            for place in candidates(hash, places) where memory.word(place + 2).load() == hash {
                var found: [UInt8]?
                locked(place) {
                    let count = Int(truncatingIfNeeded: memory.word(place + 3).load())
                    guard memory.word(place + 2).load() == hash, memory.word(place + 1).load() > now, count > 0,
                        count <= places.capacity
                    else { return }
                    var bytes: [UInt8] = []
                    bytes.reserveCapacity(count)
                    for index in 0..<count {
                        let word = memory.word(place + 4 + index / 8).load()
                        bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(index % 8 * 8)))
                    }
                    found = bytes
                }
                if let found { return found }
            }
        }
        return nil
    }
    func remove(_ id: [UInt8]) {
        let hash = Self.hash(id)
        for places in [small, large] where places.count > 0 {
            for place in candidates(hash, places) where memory.word(place + 2).load() == hash {
                locked(place) {
                    memory.word(place + 2).store(0)
                    memory.word(place + 1).store(0)
                }
            }
        }
    }
    private func candidates(_ hash: UInt64, _ places: Places) -> [Int] {
        let group = Int((hash >> 8) % UInt64(places.count / 4))
        return (0..<4).map { places.first + (group * 4 + $0) * places.size }
    }
    private func locked(_ place: Int, _ body: () -> Void) {
        for _ in 0..<10_000 where memory.word(place).compareExchange(expected: 0, desired: 1) {
            body()
            memory.word(place).storeReleasing(0)
            return
        }
    }
}
