// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).

/// The same numbers for the same seed, on every machine: what makes a failure one integer.
struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
    /// A number in `0..<bound`; 0 when `bound` is not positive.
    mutating func below(_ bound: Int) -> Int { bound <= 0 ? 0 : Int(next() % UInt64(bound)) }
    /// True once in `count` times.
    mutating func once(in count: Int) -> Bool { below(count) == 0 }
    mutating func element<Element>(_ list: [Element]) -> Element? { list.isEmpty ? nil : list[below(list.count)] }

    /// Cuts `0..<count` into pieces: where each ends, the last at `count`. Often single bytes.
    mutating func cuts(_ count: Int) -> [Int] {
        let largest = [1, 3, 17, 400, count][below(5)]
        var ends: [Int] = []
        var at = 0
        while at < count {
            at = min(count, at + 1 + below(largest))
            ends.append(at)
        }
        return ends.isEmpty ? [count] : ends
    }
}
