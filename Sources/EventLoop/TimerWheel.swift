// Apache: server/mpm/event/event.c (timeout queues)

/// Deadlines in ticks, hashed to buckets; setting, moving and clearing one allocates nothing.
///
/// A deadline that moves later only has its number changed: it is looked at again when its old bucket comes up, which
/// makes the keep-alive deadline of a busy connection two stores. A deadline that is further away than the wheel is
/// long is looked at once a revolution.
struct TimerWheel {
    private struct Node {
        var next: UInt32 = none
        /// The node before, or the bucket with the top bit set.
        var previous: UInt32 = none
        /// 0: no deadline.
        var deadline: UInt32 = 0
        /// When the bucket it hangs in comes up; 0: in none.
        var visit: UInt32 = 0
    }
    private static let none = UInt32.max
    private static let bucketBit: UInt32 = 1 << 31
    static let buckets: UInt32 = 1024

    private var nodes: [Node] = []
    private var heads = [UInt32](repeating: none, count: Int(buckets))
    private var occupied = [UInt64](repeating: 0, count: Int(buckets / 64))
    private var linked = 0
    /// The last tick that was looked at.
    private(set) var now: UInt32 = 0

    /// Makes room for nodes below `count`.
    mutating func grow(to count: Int) {
        guard count > nodes.count else { return }
        nodes.reserveCapacity(count)
        while nodes.count < count { nodes.append(Node()) }
    }
    /// Sets or moves a deadline; one that has passed fires at the next tick.
    mutating func set(_ node: Int, at tick: UInt32) {
        let deadline = max(tick, now &+ 1)
        nodes[node].deadline = deadline
        let visit = nodes[node].visit
        if visit == 0 {
            link(UInt32(node), deadline)
        } else if deadline < visit {
            unlink(UInt32(node))
            link(UInt32(node), deadline)
        }
    }
    mutating func clear(_ node: Int) { nodes[node].deadline = 0 }
    func deadline(_ node: Int) -> UInt32? { nodes[node].deadline == 0 ? nil : nodes[node].deadline }

    /// Goes on to `tick` and appends the nodes whose deadline has come; they have none afterwards.
    mutating func advance(to tick: UInt32, expired: inout [UInt32]) {
        guard tick > now else { return }
        guard linked > 0 else {
            now = tick
            return
        }
        if tick - now > Self.buckets { now = tick - Self.buckets }
        while now < tick {
            now += 1
            let bucket = now & (Self.buckets - 1)
            if occupied[Int(bucket >> 6)] & (1 << UInt64(bucket & 63)) != 0 { visit(bucket, expired: &expired) }
        }
    }
    /// The tick of the next bucket that has anything in it, which is not after the next deadline; nil when all are empty.
    func nextTick() -> UInt32? {
        guard linked > 0 else { return nil }
        let start = (now &+ 1) & (Self.buckets - 1)
        let words = occupied.count
        for step in 0...words {
            let word = (Int(start >> 6) + step) % words
            var bits = occupied[word]
            if step == 0 { bits &= UInt64.max << UInt64(start & 63) }
            if bits != 0 {
                let bucket = UInt32(word * 64 + bits.trailingZeroBitCount)
                return now &+ 1 &+ ((bucket &- start) & (Self.buckets - 1))
            }
        }
        return nil
    }

    private mutating func visit(_ bucket: UInt32, expired: inout [UInt32]) {
        var at = heads[Int(bucket)]
        heads[Int(bucket)] = Self.none
        occupied[Int(bucket >> 6)] &= ~(1 << UInt64(bucket & 63))
        while at != Self.none {
            let node = nodes[Int(at)]
            nodes[Int(at)].visit = 0
            linked -= 1
            if node.deadline != 0, node.deadline <= now {
                nodes[Int(at)].deadline = 0
                expired.append(at)
            } else if node.deadline != 0 {
                link(at, node.deadline)
            }
            at = node.next
        }
    }
    private mutating func link(_ node: UInt32, _ deadline: UInt32) {
        let ahead = (deadline &- now &- 1) & (Self.buckets - 1)
        let visit = now &+ 1 &+ ahead
        let bucket = visit & (Self.buckets - 1)
        let first = heads[Int(bucket)]
        nodes[Int(node)].visit = visit
        nodes[Int(node)].next = first
        nodes[Int(node)].previous = bucket | Self.bucketBit
        if first != Self.none { nodes[Int(first)].previous = node }
        heads[Int(bucket)] = node
        occupied[Int(bucket >> 6)] |= 1 << UInt64(bucket & 63)
        linked += 1
    }
    private mutating func unlink(_ node: UInt32) {
        let next = nodes[Int(node)].next
        let previous = nodes[Int(node)].previous
        if next != Self.none { nodes[Int(next)].previous = previous }
        if previous & Self.bucketBit != 0 {
            let bucket = previous & ~Self.bucketBit
            heads[Int(bucket)] = next
            if next == Self.none { occupied[Int(bucket >> 6)] &= ~(1 << UInt64(bucket & 63)) }
        } else {
            nodes[Int(previous)].next = next
        }
        nodes[Int(node)].visit = 0
        linked -= 1
    }
}
