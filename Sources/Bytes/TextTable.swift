// PHP: main/fastcgi.c (fcgi_hash_set, fcgi_hash_del)

/// Texts by name, in the order they were first set: the variables of a CGI request.
///
/// All texts lie in one buffer that is kept for the next request, so that a usual request allocates nothing here. Names and
/// values end at their first NUL, as they do in C. The names of a request are few; a client cannot make lookups slow with more
/// of them than ``mostEntries``.
public struct TextTable: Sendable {
    fileprivate struct Entry {
        var name: Int32 = 0
        var nameCount: Int32 = 0
        /// -1: removed.
        var value: Int32 = 0
        var valueCount: Int32 = 0
        var hash: UInt32 = 0
        /// The next entry of the same chain, -1: none.
        var next: Int32 = 0
    }
    fileprivate static let chains = 128
    /// Names a table may have, and bytes of names and values.
    public static let mostEntries = 16_384
    public static let mostBytes = 16 << 20

    /// The texts are the first `used` bytes, `name\0value\0` each; behind them is always room for a word.
    private var bytes = [UInt8](repeating: 0, count: 4096)
    private var used = 0
    /// Nothing was changed: the texts lie in the order of the entries already.
    private var isCompact = true
    /// The first `count` are in use.
    private var entries = [Entry](repeating: Entry(), count: 64)
    private var count = 0
    private var first = [Int32](repeating: -1, count: chains)

    public init() {}

    public mutating func removeAll() {
        used = 0
        count = 0
        isCompact = true
        for chain in first.indices { first[chain] = -1 }
    }

    // MARK: Looking

    /// The present value.
    public subscript(_ name: StaticString) -> ByteString? { find(name).map(value) }
    public func value(of name: ByteString) -> ByteString? {
        unsafe name.bytes.withUnsafeBytes { unsafe find($0) }.map(value)
    }
    public func has(_ name: StaticString) -> Bool { find(name) != nil }

    private func value(_ index: Int) -> ByteString {
        let start = Int(entries[index].value)
        return ByteString(bytes.span, start..<start + Int(entries[index].valueCount))
    }
    private func find(_ name: StaticString) -> Int? {
        name.withUTF8Buffer { unsafe find(UnsafeRawBufferPointer($0)) }
    }
    private func find(_ name: UnsafeRawBufferPointer) -> Int? {
        guard let start = name.baseAddress, name.count > 0 else { return nil }
        let hash = unsafe TextWriter.hash(start, name.count)
        return unsafe bytes.withUnsafeBytes { texts in
            unsafe entries.withUnsafeBufferPointer { list in
                var at = Int(first[Int(hash) % Self.chains])
                while at >= 0 {
                    let one = unsafe list[at]
                    if one.hash == hash, Int(one.nameCount) == name.count, let texts = texts.baseAddress,
                        unsafe TextWriter.equals(texts + Int(one.name), start, name.count)
                    {
                        return at
                    }
                    at = Int(one.next)
                }
                return nil
            }
        }
    }

    /// `name\0value\0` for each, in the order they were first set. Empty names are left out.
    public func flatten(into output: inout [UInt8]) {
        output.removeAll(keepingCapacity: true)
        if isCompact {
            output.append(bytes.span, 0..<used)
            return
        }
        for one in entries[..<count] where one.value >= 0 && one.nameCount > 0 {
            output.append(bytes.span, Int(one.name)..<Int(one.name) + Int(one.nameCount) + 1)
            output.append(bytes.span, Int(one.value)..<Int(one.value) + Int(one.valueCount) + 1)
        }
    }

    // MARK: Changing

    /// Sets a text, or removes it with nil. One that is set again after its removal is the last one.
    public mutating func set(_ name: StaticString, _ value: ByteString?) {
        guard let value else { return remove(name) }
        // As a FastCGI pair with long lengths, which is the one form that is read here.
        var pair: [UInt8] = []
        pair.reserveCapacity(8 + name.utf8CodeUnitCount + value.count)
        for length in [name.utf8CodeUnitCount, value.count] {
            pair.append(UInt8(truncatingIfNeeded: length >> 24) | 0x80)
            for shift in [16, 8, 0] { pair.append(UInt8(truncatingIfNeeded: length >> shift)) }
        }
        pair.append(name)
        pair.append(contentsOf: value.bytes)
        _ = append(pairs: pair.span, 0..<pair.count)
    }
    /// Takes name-value pairs as FastCGI 1.0, section 3.4, has them; false when a length points past the end, or there are too many.
    public mutating func append(pairs span: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        // The lengths of a pair take at least the two bytes that its NULs will.
        guard range.lowerBound >= 0, range.upperBound <= span.count, used + range.count <= Self.mostBytes else {
            return false
        }
        let need = used + range.count + 8
        if need > bytes.count { bytes.append(contentsOf: repeatElement(0, count: need)) }
        var at = range.lowerBound
        while at < range.upperBound {
            if count == entries.count {
                guard count < Self.mostEntries else { return false }
                entries.append(contentsOf: repeatElement(Entry(), count: count))
            }
            guard take(span, &at, range.upperBound) else { return false }
        }
        return true
    }
    /// As many pairs as there are entries for.
    private mutating func take(_ span: borrowing Span<UInt8>, _ at: inout Int, _ end: Int) -> Bool {
        var place = at
        var (used, count, isCompact) = (used, count, isCompact)
        let isGood = unsafe span.withUnsafeBytes { source in
            unsafe bytes.withUnsafeMutableBytes { texts in
                unsafe entries.withUnsafeMutableBufferPointer { list in
                    unsafe first.withUnsafeMutableBufferPointer { first in
                        guard let source = source.baseAddress, let texts = texts.baseAddress,
                            let entries = list.baseAddress, let first = first.baseAddress
                        else { return false }
                        var writer = unsafe TextWriter(
                            texts: texts, entries: entries, first: first, used: used, count: count,
                            isCompact: isCompact)
                        while place < end, writer.count < list.count {
                            guard unsafe writer.take(source, &place, end) else { return false }
                        }
                        used = writer.used
                        count = writer.count
                        isCompact = writer.isCompact
                        return true
                    }
                }
            }
        }
        self.used = used
        self.count = count
        self.isCompact = isCompact
        at = place
        return isGood
    }
    private mutating func remove(_ name: StaticString) {
        guard let index = find(name) else { return }
        entries[index].value = -1
        isCompact = false
        let chain = Int(entries[index].hash) % Self.chains
        var at = Int(first[chain])
        if at == index {
            first[chain] = entries[index].next
            return
        }
        while at >= 0 {
            let next = Int(entries[at].next)
            if next == index {
                entries[at].next = entries[index].next
                return
            }
            at = next
        }
    }
}

/// Fills a table's memory, in which there is room for what is taken and one word more.
@safe private struct TextWriter {
    let texts: UnsafeMutableRawPointer
    let entries: UnsafeMutablePointer<TextTable.Entry>
    let first: UnsafeMutablePointer<Int32>
    var used: Int
    var count: Int
    var isCompact: Bool

    /// One pair of those at `at..<end`; false when its lengths are wrong.
    @inline(__always) mutating func take(_ source: UnsafeRawPointer, _ at: inout Int, _ end: Int) -> Bool {
        guard let nameLength = unsafe Self.length(source, &at, end),
            let valueLength = unsafe Self.length(source, &at, end),
            nameLength <= end - at, valueLength <= end - at - nameLength
        else { return false }
        let name = used
        let nameCount = unsafe copy(source, at, nameLength, end)
        at += nameLength
        let value = used
        let valueCount = unsafe copy(source, at, valueLength, end)
        at += valueLength
        enter(name, nameCount, value, valueCount)
        return true
    }
    @inline(__always) private static func length(_ source: UnsafeRawPointer, _ at: inout Int, _ end: Int) -> Int? {
        guard at < end else { return nil }
        let first = unsafe source.load(fromByteOffset: at, as: UInt8.self)
        at += 1
        if first < 128 { return Int(first) }
        guard at + 3 <= end else { return nil }
        defer { at += 3 }
        var rest = 0
        for index in 0..<3 { unsafe rest = rest << 8 | Int(source.load(fromByteOffset: at + index, as: UInt8.self)) }
        return Int(first & 0x7F) << 24 | rest
    }
    /// Copies up to `count` bytes, not further than a NUL, and ends them with one; returns how many. Whole words are written, so
    /// that there is rubbish behind the NUL until the next text comes.
    @inline(__always) private mutating func copy(_ source: UnsafeRawPointer, _ at: Int, _ count: Int, _ end: Int) -> Int
    {
        var done = 0
        while done < count {
            let left = count - done
            var word: UInt64 = 0
            if at + done + 8 <= end {
                unsafe word = UInt64(littleEndian: source.loadUnaligned(fromByteOffset: at + done, as: UInt64.self))
            } else {
                for index in 0..<min(8, left) {
                    unsafe word |=
                        UInt64(source.load(fromByteOffset: at + done + index, as: UInt8.self)) << UInt64(8 * index)
                }
            }
            unsafe texts.storeBytes(of: word.littleEndian, toByteOffset: used + done, as: UInt64.self)
            let zeros = ByteScan.zeroBytes(word)
            if zeros != 0 {
                done += min(left, zeros.trailingZeroBitCount / 8)
                break
            }
            done += min(8, left)
        }
        unsafe texts.storeBytes(of: 0, toByteOffset: used + done, as: UInt8.self)
        used += done + 1
        return done
    }
    @inline(__always) private mutating func enter(_ name: Int, _ nameCount: Int, _ value: Int, _ valueCount: Int) {
        let hash = unsafe Self.hash(texts + name, nameCount)
        let chain = unsafe first + Int(hash) % TextTable.chains
        var at = unsafe Int(chain.pointee)
        while at >= 0 {
            let one = unsafe entries[at]
            if one.hash == hash, Int(one.nameCount) == nameCount,
                unsafe Self.equals(texts + Int(one.name), texts + name, nameCount)
            {
                unsafe entries[at].value = Int32(truncatingIfNeeded: value)
                unsafe entries[at].valueCount = Int32(truncatingIfNeeded: valueCount)
                isCompact = false
                return
            }
            at = Int(one.next)
        }
        if nameCount == 0 { isCompact = false }
        unsafe entries[count] = TextTable.Entry(
            name: Int32(truncatingIfNeeded: name), nameCount: Int32(truncatingIfNeeded: nameCount),
            value: Int32(truncatingIfNeeded: value), valueCount: Int32(truncatingIfNeeded: valueCount), hash: hash,
            next: chain.pointee)
        unsafe chain.pointee = Int32(truncatingIfNeeded: count)
        count += 1
    }

    /// Of the length, the first and the last eight bytes.
    @inline(__always) static func hash(_ text: UnsafeRawPointer, _ count: Int) -> UInt32 {
        var (start, end): (UInt64, UInt64) = (0, 0)
        if count >= 8 {
            unsafe start = text.loadUnaligned(as: UInt64.self)
            unsafe end = text.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        } else {
            for index in 0..<count {
                unsafe start = start << 8 | UInt64(text.load(fromByteOffset: index, as: UInt8.self))
            }
        }
        let mixed = ((start &* 0x9E37_79B9_7F4A_7C15) ^ end) &* 0xC2B2_AE3D_27D4_EB4F &+ UInt64(count)
        return UInt32(truncatingIfNeeded: mixed >> 32)
    }
    @inline(__always) static func equals(_ one: UnsafeRawPointer, _ other: UnsafeRawPointer, _ count: Int) -> Bool {
        var at = 0
        while at + 8 <= count {
            guard
                unsafe one.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    == other.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            else { return false }
            at += 8
        }
        while at < count {
            guard
                unsafe one.load(fromByteOffset: at, as: UInt8.self) == other.load(fromByteOffset: at, as: UInt8.self)
            else { return false }
            at += 1
        }
        return true
    }
}
