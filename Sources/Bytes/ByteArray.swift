/// Appending and comparing without intermediate values: `[UInt8]` is the output buffer of the server.
/// A buffer that is emptied with `removeAll(keepingCapacity: true)` allocates nothing after warm-up.
extension [UInt8] {
    @inlinable public mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }
    @_disfavoredOverload
    @inlinable public mutating func append(_ value: ByteString) { append(contentsOf: value.bytes) }

    /// Appends decimal digits, without allocating.
    @inlinable public mutating func append(decimal number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = count
        repeat {
            append(UInt8(truncatingIfNeeded: 48 &+ rest % 10))
            rest /= 10
        } while rest > 0
        // Reversing a slice would copy it first.
        var (low, high) = (start, count - 1)
        while low < high {
            swapAt(low, high)
            low += 1
            high -= 1
        }
    }
    /// Appends at least `width` decimal digits, zero-padded.
    @inlinable public mutating func append(decimal number: Int, width: Int) {
        var bound = 1
        for _ in 1..<Swift.max(width, 1) { bound *= 10 }
        while bound > 1, number < bound {
            append(48)
            bound /= 10
        }
        append(decimal: number)
    }
    /// Appends lower-case hexadecimal digits, without leading zeros.
    @inlinable public mutating func append(hexadecimal number: UInt) {
        var shift = 60
        while shift > 0, (number >> UInt(shift)) == 0 { shift -= 4 }
        while shift >= 0 {
            append(ASCII.hexDigits[Int((number >> UInt(shift)) & 15)])
            shift -= 4
        }
    }

    @inlinable public func equals(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { unsafe count == $0.count && elementsEqual($0) }
    }
    @inlinable public func equalsIgnoringCase(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { literal in
            guard count == literal.count else { return false }
            for index in indices where unsafe ASCII.lower(self[index]) != ASCII.lower(literal[index]) { return false }
            return true
        }
    }
}
