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
