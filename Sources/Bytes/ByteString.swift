/// An immutable-by-convention run of bytes: a path, a header value, a piece of configuration.
///
/// HTTP, file names and configuration files are bytes, not text: nothing here assumes an encoding,
/// compares by Unicode rules or repairs anything. Letters mean ASCII letters.
/// A value owns its storage (one allocation when not empty); copies share it.
public struct ByteString: Sendable, Hashable {
    public var bytes: [UInt8]

    @inlinable public init() { bytes = [] }
    @inlinable public init(_ bytes: [UInt8]) { self.bytes = bytes }
    @inlinable public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
    @inlinable public init(_ text: String) { bytes = Array(text.utf8) }
    @inlinable public init(_ text: Substring) { bytes = Array(text.utf8) }
    @inlinable public init(_ text: StaticString) {
        bytes = text.withUTF8Buffer { unsafe Array($0) }
    }
    /// The decimal digits of `number`.
    @inlinable public init(decimal number: Int) {
        bytes = []
        bytes.append(decimal: number)
    }
    @inlinable public init(decimal number: some BinaryInteger) { bytes = Array(String(number).utf8) }

    /// For messages and logs only: invalid UTF-8 is replaced.
    @inlinable public var string: String { String(decoding: bytes, as: UTF8.self) }
}

extension ByteString: RandomAccessCollection, MutableCollection, RangeReplaceableCollection {
    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { bytes.count }
    @inlinable public subscript(index: Int) -> UInt8 {
        get { bytes[index] }
        set { bytes[index] = newValue }
    }
    /// A copy of the bytes in `range`.
    @inlinable public subscript(range: Range<Int>) -> ByteString {
        get { ByteString(Array(bytes[range])) }
        set { bytes.replaceSubrange(range, with: newValue.bytes) }
    }
    @inlinable public mutating func replaceSubrange(
        _ range: Range<Int>, with elements: some Collection<UInt8>
    ) { bytes.replaceSubrange(range, with: elements) }
    @inlinable public mutating func reserveCapacity(_ count: Int) { bytes.reserveCapacity(count) }
    @inlinable public mutating func append(_ byte: UInt8) { bytes.append(byte) }
    @_disfavoredOverload
    @inlinable public mutating func append(_ other: ByteString) { bytes.append(contentsOf: other.bytes) }
    @inlinable public mutating func append(_ text: StaticString) { bytes.append(text) }
}

extension ByteString: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, CustomStringConvertible {
    @inlinable public init(stringLiteral value: String) { bytes = Array(value.utf8) }
    @inlinable public var description: String { string }

    /// Interpolates byte strings without passing them through Unicode: `"\(prefix)/\(name)"`.
    public struct StringInterpolation: StringInterpolationProtocol {
        @usableFromInline var bytes: [UInt8] = []
        @inlinable public init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + interpolationCount * 16)
        }
        @inlinable public mutating func appendLiteral(_ literal: String) { bytes.append(contentsOf: literal.utf8) }
        @inlinable public mutating func appendInterpolation(_ value: ByteString) {
            bytes.append(contentsOf: value.bytes)
        }
        @inlinable public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            bytes.append(contentsOf: value.description.utf8)
        }
    }
    @inlinable public init(stringInterpolation: StringInterpolation) { bytes = stringInterpolation.bytes }
}

extension ByteString: Comparable {
    @inlinable public static func < (left: ByteString, right: ByteString) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
    /// Compares with a literal without allocating.
    @inlinable public static func == (left: ByteString, right: StaticString) -> Bool {
        left.bytes.equals(right)
    }
    @inlinable public static func != (left: ByteString, right: StaticString) -> Bool { !(left == right) }
    /// Lets `switch value { case "on": … }` compare without allocating.
    @inlinable public static func ~= (pattern: StaticString, value: ByteString) -> Bool { value == pattern }
    @inlinable public static func + (left: ByteString, right: ByteString) -> ByteString {
        ByteString(left.bytes + right.bytes)
    }
}

// MARK: - ASCII

extension ByteString {
    @inlinable public var lowercased: ByteString { ByteString(bytes.map(ASCII.lower)) }
    @inlinable public var uppercased: ByteString { ByteString(bytes.map(ASCII.upper)) }

    @_disfavoredOverload
    @inlinable public func equalsIgnoringCase(_ other: ByteString) -> Bool {
        bytes.count == other.bytes.count && zip(bytes, other.bytes).allSatisfy { ASCII.lower($0) == ASCII.lower($1) }
    }
    @inlinable public func equalsIgnoringCase(_ other: StaticString) -> Bool { bytes.equalsIgnoringCase(other) }

    @_disfavoredOverload
    @inlinable public func hasPrefix(_ prefix: ByteString) -> Bool { bytes.starts(with: prefix.bytes) }
    @inlinable public func hasPrefix(_ prefix: StaticString) -> Bool {
        prefix.withUTF8Buffer { unsafe bytes.count >= $0.count && bytes.starts(with: $0) }
    }
    @inlinable public func hasPrefixIgnoringCase(_ prefix: StaticString) -> Bool {
        let count = prefix.utf8CodeUnitCount
        guard bytes.count >= count else { return false }
        return bytes.span.equalsIgnoringCase(prefix, in: 0..<count)
    }
    @_disfavoredOverload
    @inlinable public func hasSuffix(_ suffix: ByteString) -> Bool {
        let start = bytes.count - suffix.bytes.count
        guard start >= 0 else { return false }
        for index in 0..<suffix.bytes.count where bytes[start + index] != suffix.bytes[index] { return false }
        return true
    }
    @inlinable public func hasSuffix(_ suffix: StaticString) -> Bool {
        suffix.withUTF8Buffer { unsafe bytes.count >= $0.count && bytes[(bytes.count - $0.count)...].elementsEqual($0) }
    }
    /// A copy from `offset` to the end; empty when `offset` is past it.
    @inlinable public func from(_ offset: Int) -> ByteString {
        offset >= bytes.count ? ByteString() : self[offset..<bytes.count]
    }
    /// A copy of the first `count` bytes, or of all of them.
    @inlinable public func upTo(_ count: Int) -> ByteString { self[0..<Swift.min(count, bytes.count)] }

    /// Where `needle` first begins at or after `start`.
    public func firstRange(of needle: ByteString, from start: Int = 0) -> Range<Int>? {
        guard !needle.isEmpty, bytes.count >= needle.count else { return nil }
        var at = start
        while at + needle.count <= bytes.count {
            if bytes[at] == needle.bytes[0], bytes[at..<at + needle.count].elementsEqual(needle.bytes) {
                return at..<at + needle.count
            }
            at += 1
        }
        return nil
    }
    public func contains(_ needle: ByteString) -> Bool { needle.isEmpty || firstRange(of: needle) != nil }

    /// Pieces between `separator` bytes; empty pieces are kept.
    public func split(on separator: UInt8) -> [ByteString] {
        bytes.split(separator: separator, omittingEmptySubsequences: false).map { ByteString(Array($0)) }
    }
    /// Pieces between runs of blanks; none is empty.
    public func words() -> [ByteString] { bytes.split(whereSeparator: ASCII.isSpace).map { ByteString(Array($0)) } }

    /// Without blanks at either end.
    public func trimmed() -> ByteString {
        var low = 0
        var high = bytes.count
        while low < high, ASCII.isSpace(bytes[low]) { low += 1 }
        while high > low, ASCII.isSpace(bytes[high - 1]) { high -= 1 }
        return low == 0 && high == bytes.count ? self : self[low..<high]
    }

    /// The value of an optional sign and decimal digits that fill the whole string; nil otherwise or on overflow.
    public var decimal: Int? { Int(string) }
    /// The value of hexadecimal digits that fill the whole string; nil otherwise or on overflow.
    public var hexadecimal: Int? { isEmpty || bytes[0] == UInt8(ascii: "+") ? nil : Int(string, radix: 16) }
}

/// Classes and case of single ASCII bytes.
public enum ASCII {
    @inlinable public static func lower(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }
    @inlinable public static func upper(_ byte: UInt8) -> UInt8 { byte &- 97 < 26 ? byte & 0xDF : byte }
    /// Space, \t, \n, \v, \f, \r, as C's `isspace`.
    @inlinable public static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte &- 9 < 5 }
    @inlinable public static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
    @inlinable public static func isAlpha(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 }
    @inlinable public static func isAlnum(_ byte: UInt8) -> Bool { isAlpha(byte) || isDigit(byte) }
    /// 0–15, or nil.
    @inlinable public static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- 48 }
        let low = byte | 0x20
        return low &- 97 < 6 ? low &- 87 : nil
    }
    public static let hexDigits: [UInt8] = Array("0123456789abcdef".utf8)
    public static let hexDigitsUpper: [UInt8] = Array("0123456789ABCDEF".utf8)
}
