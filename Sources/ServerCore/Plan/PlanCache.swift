// No Apache counterpart: see Plan.swift.

import Bytes
import HTTP
import Kernel

/// The plans of one loop, by request line and Host.
struct PlanCache {
    private var plans: [UInt64: Plan] = [:]
    private var weight = 0
    private var openFiles = 0
    var recent = RecentHeads()

    /// Bytes; beyond it everything is forgotten and made anew as needed.
    static let weightLimit = 32 << 20
    static let openFileLimit = 512
    /// Different answers for one request line, by fields that were compared.
    static let variantLimit = 8

    /// The plan for a parsed head, or nil.
    func find(
        _ hash: UInt64, _ head: borrowing RequestHead, _ host: ByteRange?, _ input: borrowing Span<UInt8>,
        candidates: UInt32, sharing: UInt32, epoch: UInt64, remote: SocketAddress, second: Int64
    ) -> Plan? {
        var plan = plans[hash]
        while let current = plan {
            if current.epoch == epoch, current.candidates == candidates, current.sharing == sharing,
                Self.matches(current.key, head.requestLine, host, input),
                current.answers(head, input, remote: remote, second: second)
            {
                return current
            }
            plan = current.next
        }
        return nil
    }

    mutating func insert(_ hash: UInt64, _ plan: Plan) {
        if weight > Self.weightLimit || openFiles >= Self.openFileLimit { removeAll() }
        // Outdated variants go; of the others the oldest make room.
        var kept: [Plan] = []
        var other = plans[hash]
        while let current = other {
            if current.epoch == plan.epoch { kept.append(current) }
            other = current.next
        }
        if kept.count >= Self.variantLimit { kept.removeLast(kept.count - Self.variantLimit + 1) }
        for index in kept.indices { kept[index].next = index + 1 < kept.count ? kept[index + 1] : nil }
        plan.next = kept.first
        plans[hash] = plan
        weight += plan.weight
        if plan.file != nil { openFiles += 1 }
    }
    mutating func removeAll() {
        plans.removeAll(keepingCapacity: true)
        recent.removeAll()
        weight = 0
        openFiles = 0
    }

    /// FNV-1a over request line and Host.
    static func hash(_ line: ByteRange, _ host: ByteRange?, _ input: borrowing Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in line.range { hash = (hash ^ UInt64(input[index])) &* 0x100_0000_01B3 }
        hash = (hash ^ 10) &* 0x100_0000_01B3
        if let host { for index in host.range { hash = (hash ^ UInt64(input[index])) &* 0x100_0000_01B3 } }
        return hash
    }
    static func key(_ line: ByteString, _ host: ByteString?) -> [UInt8] {
        var key = line.bytes
        key.append(10)
        if let host { key.append(contentsOf: host.bytes) }
        return key
    }
    static func hash(key: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
    private static func matches(
        _ key: [UInt8], _ line: ByteRange, _ host: ByteRange?, _ input: borrowing Span<UInt8>
    ) -> Bool {
        let lineCount = line.range.count
        guard key.count == lineCount + 1 + (host?.range.count ?? 0) else { return false }
        for offset in 0..<lineCount where key[offset] != input[line.start + offset] { return false }
        guard key[lineCount] == 10 else { return false }
        if let host {
            for offset in 0..<host.range.count where key[lineCount + 1 + offset] != input[host.start + offset] {
                return false
            }
        }
        return true
    }
}
