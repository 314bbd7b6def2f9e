/// Searching bytes eight at a time. Every function looks at `start..<end` and returns `end` when nothing is found.
///
/// The bounds are checked once per call; the words are then loaded without checks, which is why this is in `Bytes`.
extension Span where Element == UInt8 {
    /// Where `byte` first is.
    @inlinable public func firstIndex(of byte: UInt8, from start: Int, to end: Int) -> Int {
        let pattern = UInt64(byte) &* ByteScan.ones
        return scan(from: start, to: end, word: { ByteScan.zeroBytes($0 ^ pattern) }, byte: { $0 == byte })
    }
    /// Where an ASCII control character other than HT first is: what a field value may not hold (RFC 9110, 5.5).
    @inlinable public func firstControl(from start: Int, to end: Int) -> Int {
        var at = start
        let deletes = 0x7F &* ByteScan.ones
        while true {
            at = scan(
                from: at, to: end,
                word: { ByteScan.bytes($0, below: 0x20) | ByteScan.zeroBytes($0 ^ deletes) },
                byte: { $0 < 0x20 || $0 == 0x7F })
            if at < end, self[at] == 0x09 { at += 1 } else { return at }
        }
    }
    /// Where a byte that is neither visible ASCII nor above 0x7F first is: a blank or a control character.
    @inlinable public func firstNonVisible(from start: Int, to end: Int) -> Int {
        let deletes = 0x7F &* ByteScan.ones
        return scan(
            from: start, to: end,
            word: { ByteScan.bytes($0, below: 0x21) | ByteScan.zeroBytes($0 ^ deletes) },
            byte: { $0 < 0x21 || $0 == 0x7F })
    }

    /// Up to eight bytes from `start` in one word, ASCII letters in lower case, the first byte lowest; what is not there
    /// is zero. `count` may be any number.
    @inlinable @inline(__always) public func lowercasedWord(from start: Int, count: Int) -> UInt64 {
        guard count > 0, start >= 0, start < self.count else { return 0 }
        if start + 8 <= self.count {
            let word = unsafe withUnsafeBytes {
                UInt64(littleEndian: unsafe $0.loadUnaligned(fromByteOffset: start, as: UInt64.self))
            }
            return ByteScan.lowercased(count < 8 ? word & (1 << (8 &* UInt64(count)) &- 1) : word)
        }
        var word: UInt64 = 0
        for index in 0..<Swift.min(count, self.count - start) {
            word |= UInt64(self[start + index]) << (8 * UInt64(index))
        }
        return ByteScan.lowercased(word)
    }

    /// `word` returns a word whose lowest set bit is in the first byte that is looked for, or zero.
    @inlinable @inline(__always)
    func scan(from start: Int, to end: Int, word: (UInt64) -> UInt64, byte: (UInt8) -> Bool) -> Int {
        precondition(start >= 0 && end <= count)
        return unsafe withUnsafeBytes { memory in
            var at = start
            while at + 8 <= end {
                let found = word(UInt64(littleEndian: unsafe memory.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
                if found != 0 { return at + found.trailingZeroBitCount / 8 }
                at += 8
            }
            while at < end, !byte(unsafe memory[at]) { at += 1 }
            return at < end ? at : Swift.max(start, end)
        }
    }
}

/// Arithmetic on eight bytes in one word. In each result only the lowest set bit is exact, which is the one that is used.
@usableFromInline enum ByteScan {
    @inlinable static var ones: UInt64 { 0x0101_0101_0101_0101 }
    @inlinable static var highs: UInt64 { 0x8080_8080_8080_8080 }
    /// Marks bytes that are zero.
    @inlinable @inline(__always) static func zeroBytes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }
    /// Sets the bit that tells `a` from `A` in every byte that is an upper-case ASCII letter.
    @inlinable @inline(__always) static func lowercased(_ word: UInt64) -> UInt64 {
        let low = word & ~highs
        let fromA = low &+ (0x80 - 0x41) &* ones
        let afterZ = low &+ (0x80 - 0x5B) &* ones
        return word | ((fromA & ~afterZ & ~word & highs) >> 2)
    }
    /// Marks bytes that are less than `limit`, which is at most 0x80.
    @inlinable @inline(__always) static func bytes(_ word: UInt64, below limit: UInt64) -> UInt64 {
        (word &- limit &* ones) & ~word & highs
    }
}
