/// A run of bytes inside a buffer that somebody else owns: where it begins and how long it is.
///
/// Parsers return these instead of copies. A range says nothing about its buffer: it is valid as long as the buffer's
/// bytes stay where they are, and its user passes the buffer again. Eight bytes; buffers end at 4 GiB.
public struct ByteRange: Sendable, Hashable {
    public var offset: UInt32
    public var count: UInt32

    @inlinable public init(offset: UInt32, count: UInt32) {
        self.offset = offset
        self.count = count
    }
    /// Clamps what 32 bits cannot hold, so that no input traps.
    @inlinable public init(_ range: Range<Int>) {
        offset = UInt32(clamping: range.lowerBound)
        count = UInt32(clamping: range.count)
    }
    @inlinable public static var empty: ByteRange { ByteRange(offset: 0, count: 0) }

    @inlinable public var isEmpty: Bool { count == 0 }
    @inlinable public var start: Int { Int(offset) }
    @inlinable public var end: Int { Int(offset) + Int(count) }
    @inlinable public var range: Range<Int> { start..<end }
}

extension ByteString {
    /// A copy of the bytes of `span` in `range`.
    @inlinable public init(_ span: borrowing Span<UInt8>, _ range: Range<Int>) {
        bytes = unsafe span.extracting(range).withUnsafeBufferPointer { unsafe Array($0) }
    }
    @inlinable public init(_ span: borrowing Span<UInt8>, _ range: ByteRange) { self.init(span, range.range) }
    /// A copy of all bytes of `span`.
    @inlinable public init(_ span: borrowing Span<UInt8>) {
        bytes = unsafe span.withUnsafeBufferPointer { unsafe Array($0) }
    }
}

extension [UInt8] {
    /// Appends the bytes of `span` in `range`.
    @inlinable public mutating func append(_ span: borrowing Span<UInt8>, _ range: Range<Int>) {
        unsafe span.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
    @inlinable public mutating func append(_ span: borrowing Span<UInt8>, _ range: ByteRange) {
        append(span, range.range)
    }
}

extension [UInt8] {
    /// Writes the bytes of `span` in `first` and in `second` from `place` on, each with a NUL behind it. All of that must have
    /// room within the array. Returns where the second text begins.
    @inlinable public mutating func writeTexts(
        _ span: borrowing Span<UInt8>, _ first: Range<Int>, _ second: Range<Int>, at place: Int
    ) -> Int {
        precondition(place >= 0 && first.count + second.count + 2 <= count - place)
        precondition(first.upperBound <= span.count && second.upperBound <= span.count)
        precondition(first.lowerBound >= 0 && second.lowerBound >= 0)
        let middle = place + first.count + 1
        unsafe span.withUnsafeBytes { source in
            unsafe withUnsafeMutableBytes { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                unsafe (to + place).copyMemory(from: from + first.lowerBound, byteCount: first.count)
                unsafe target[middle - 1] = 0
                unsafe (to + middle).copyMemory(from: from + second.lowerBound, byteCount: second.count)
                unsafe target[middle + second.count] = 0
            }
        }
        return middle
    }
}

extension Span where Element == UInt8 {
    /// True when the bytes in `range` are those of `text`.
    @inlinable public func equals(_ text: StaticString, in range: Range<Int>) -> Bool {
        text.withUTF8Buffer { literal in
            guard literal.count == range.count else { return false }
            for index in 0..<range.count where unsafe self[range.lowerBound + index] != literal[index] { return false }
            return true
        }
    }
    /// As `equals`, but letters match without case; `text` may have any case.
    @inlinable public func equalsIgnoringCase(_ text: StaticString, in range: Range<Int>) -> Bool {
        text.withUTF8Buffer { literal in
            guard literal.count == range.count else { return false }
            for index in 0..<range.count
            where unsafe ASCII.lower(self[range.lowerBound + index]) != ASCII.lower(literal[index]) { return false }
            return true
        }
    }
}
