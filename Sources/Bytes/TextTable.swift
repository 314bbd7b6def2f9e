// PHP: main/fastcgi.c (fcgi_hash_set, fcgi_hash_del)

/// Texts by name, in the order they were first set: the variables of a CGI request.
///
/// The buffers are kept for the next request, so that a usual request allocates nothing here, and so are the names: a web server
/// sends those of one request with the next, in the same order, and then only the values are taken. Names and
/// values end at their first NUL, as they do in C. The names of a request are few; a client cannot make lookups slow with more
/// of them than ``mostEntries``.
public struct TextTable: Sendable {
    /// Six words: ``withTexts(_:)`` shows them.
    fileprivate struct Entry {
        var name: Int32 = 0
        /// 0: gone, the entry of a text that was removed and then set again.
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

    /// Each text ends with NUL; behind the last is always room for two words.
    private var names = [UInt8](repeating: 0, count: 1536)
    private var values = [UInt8](repeating: 0, count: 1536)
    /// The first `filled.count` are this table's. Those behind them, up to `filled.known`, have the names that followed before.
    private var entries = [Entry](repeating: Entry(), count: 64)
    private var first = [Int32](repeating: -1, count: chains)
    private var filled = Filled()

    /// How much of the buffers is in use.
    fileprivate struct Filled {
        var names = 0
        var values = 0
        var count = 0
        /// Entries with names, all different and all in chains; never less than `count`.
        var known = 0
    }

    public init() {}

    public mutating func removeAll() {
        filled.values = 0
        filled.count = 0
    }

    // MARK: Looking

    /// The present value.
    public subscript(_ name: StaticString) -> ByteString? { find(name).map(value) }
    public func value(of name: ByteString) -> ByteString? {
        unsafe name.bytes.withUnsafeBytes { unsafe find($0) }.map(value)
    }
    public func has(_ name: StaticString) -> Bool { find(name) != nil }
    /// Puts the present value into `text`, which keeps its memory when it says that already; nil when there is none.
    public func load(_ name: StaticString, into text: inout ByteString?) {
        guard let index = find(name) else {
            text = nil
            return
        }
        if let known = text, isValue(index, known) { return }
        text = value(index)
    }
    private func isValue(_ index: Int, _ text: ByteString) -> Bool {
        let one = entries[index]
        guard text.count == Int(one.valueCount) else { return false }
        return unsafe values.withUnsafeBytes { texts in
            unsafe text.bytes.withUnsafeBytes { other in
                guard let texts = texts.baseAddress, let other = other.baseAddress else { return true }
                return unsafe TextWriter.equals(texts + Int(one.value), other, Int(one.valueCount))
            }
        }
    }
    private func value(_ index: Int) -> ByteString {
        let start = Int(entries[index].value)
        return ByteString(values.span, start..<start + Int(entries[index].valueCount))
    }
    private func find(_ name: StaticString) -> Int? {
        name.withUTF8Buffer { unsafe find(UnsafeRawBufferPointer($0)) }
    }
    private func find(_ name: UnsafeRawBufferPointer) -> Int? {
        guard let start = name.baseAddress, name.count > 0 else { return nil }
        let hash = unsafe TextWriter.hash(start, name.count)
        let found = unsafe names.withUnsafeBytes { texts in
            unsafe entries.withUnsafeBufferPointer { list in
                var at = Int(first[Int(hash) % Self.chains])
                while at >= 0 {
                    let one = unsafe list[at]
                    if one.hash == hash, Int(one.nameCount) == name.count, at < filled.count,
                        let texts = texts.baseAddress,
                        unsafe TextWriter.equals(texts + Int(one.name), start, name.count)
                    {
                        return one.value < 0 ? -1 : at
                    }
                    at = Int(one.next)
                }
                return -1
            }
        }
        return found < 0 ? nil : found
    }

    /// All texts in the order they were first set.
    public var pairs: [(name: ByteString, value: ByteString)] {
        entries[..<filled.count].indices.filter { entries[$0].value >= 0 }.map { index in
            let start = Int(entries[index].name)
            return (ByteString(names.span, start..<start + Int(entries[index].nameCount)), value(index))
        }
    }
    /// Shows the texts as they lie, each followed by a NUL, to `body`: names, values, and for each text in the order they were
    /// first set six words of 32 bits: where its name begins, bytes of the name, where the value begins (-1: the
    /// text was removed), bytes of the value, and two of no meaning.
    @unsafe public func withTexts<R>(
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> R
    ) -> R {
        unsafe names.withUnsafeBytes { names in
            unsafe values.withUnsafeBytes { values in
                unsafe entries.withUnsafeBytes { entries in
                    let used = filled.count * MemoryLayout<Entry>.stride
                    return unsafe body(names, values, UnsafeRawBufferPointer(rebasing: entries[..<used]))
                }
            }
        }
    }

    // MARK: Changing

    /// Sets a text, or removes it with nil. One that is set again after its removal is the last one.
    public mutating func set(_ name: StaticString, _ value: ByteString?) {
        if let value {
            set(ByteString(name), value)
        } else if let index = find(name) {
            entries[index].value = -1
        }
    }
    public mutating func set(_ name: ByteString, _ value: ByteString) {
        // As a FastCGI pair with long lengths, which is the one form that is read here.
        var pair: [UInt8] = []
        pair.reserveCapacity(8 + name.count + value.count)
        for length in [name.count, value.count] {
            pair.append(UInt8(truncatingIfNeeded: length >> 24) | 0x80)
            for shift in [16, 8, 0] { pair.append(UInt8(truncatingIfNeeded: length >> shift)) }
        }
        pair.append(contentsOf: name.bytes)
        pair.append(contentsOf: value.bytes)
        _ = append(pairs: pair.span, 0..<pair.count)
    }
    /// Takes name-value pairs as FastCGI 1.0, section 3.4, has them; false when a length points past the end, or there are too
    /// many. Those without a name are left out.
    public mutating func append(pairs span: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        // The lengths of a pair take at least the two bytes that its NULs will.
        guard range.lowerBound >= 0, range.upperBound <= span.count,
            filled.names + filled.values + range.count <= 2 * Self.mostBytes
        else { return false }
        Self.grow(&names, to: filled.names + range.count + 16)
        Self.grow(&values, to: filled.values + range.count + 16)
        var at = range.lowerBound
        while at < range.upperBound {
            if filled.count == entries.count {
                guard filled.count < Self.mostEntries else { return false }
                entries.append(contentsOf: repeatElement(Entry(), count: filled.count))
            }
            guard take(span, &at, range.upperBound) else { return false }
        }
        return true
    }
    private static func grow(_ buffer: inout [UInt8], to need: Int) {
        if need > buffer.count { buffer.append(contentsOf: repeatElement(0, count: need)) }
    }
    /// As many pairs as there are entries for.
    private mutating func take(_ span: borrowing Span<UInt8>, _ at: inout Int, _ end: Int) -> Bool {
        var place = at
        var filled = filled
        let isGood = unsafe span.withUnsafeBytes { source in
            unsafe names.withUnsafeMutableBytes { names in
                unsafe values.withUnsafeMutableBytes { values in
                    unsafe entries.withUnsafeMutableBufferPointer { list in
                        unsafe first.withUnsafeMutableBufferPointer { first in
                            guard let source = source.baseAddress, let names = names.baseAddress,
                                let values = values.baseAddress, let entries = list.baseAddress,
                                let first = first.baseAddress
                            else { return false }
                            var writer = unsafe TextWriter(
                                names: names, values: values, entries: entries, first: first, filled: filled)
                            var isGood = true
                            while isGood, place < end, writer.filled.count < list.count {
                                isGood = unsafe writer.take(source, &place, end)
                            }
                            filled = writer.filled
                            return isGood
                        }
                    }
                }
            }
        }
        self.filled = filled
        at = place
        return isGood
    }
}

/// Fills a table's memory, in which there is room for what is taken and two words more.
@safe private struct TextWriter {
    let names: UnsafeMutableRawPointer
    let values: UnsafeMutableRawPointer
    let entries: UnsafeMutablePointer<TextTable.Entry>
    let first: UnsafeMutablePointer<Int32>
    var filled: TextTable.Filled

    /// One pair of those at `at..<end`; false when its lengths are wrong.
    @inline(__always) mutating func take(_ source: UnsafeRawPointer, _ at: inout Int, _ end: Int) -> Bool {
        guard let nameLength = unsafe Self.length(source, &at, end),
            let valueLength = unsafe Self.length(source, &at, end),
            nameLength <= end &- at, valueLength <= end &- at &- nameLength
        else { return false }
        let name = unsafe source + at
        let value = unsafe source + (at &+ nameLength)
        let index = unsafe isNext(name, nameLength) ? filled.count : enter(name, nameLength, end &- at)
        at &+= nameLength
        if index >= 0 {
            unsafe entries[index].value = Int32(truncatingIfNeeded: filled.values)
            let count = unsafe Self.copy(value, valueLength, end &- at, to: values + filled.values)
            unsafe entries[index].valueCount = Int32(truncatingIfNeeded: count)
            filled.values &+= count &+ 1
            if index == filled.count { filled.count &+= 1 }
        }
        at &+= valueLength
        return true
    }
    @inline(__always) private static func length(_ source: UnsafeRawPointer, _ at: inout Int, _ end: Int) -> Int? {
        guard at < end else { return nil }
        let first = unsafe source.load(fromByteOffset: at, as: UInt8.self)
        at &+= 1
        return first < 128 ? Int(first) : unsafe longLength(source, &at, end, first)
    }
    @inline(never) private static func longLength(
        _ source: UnsafeRawPointer, _ at: inout Int, _ end: Int, _ first: UInt8
    ) -> Int? {
        guard at + 3 <= end else { return nil }
        defer { at += 3 }
        var rest = 0
        for index in 0..<3 { unsafe rest = rest << 8 | Int(source.load(fromByteOffset: at + index, as: UInt8.self)) }
        return Int(first & 0x7F) << 24 | rest
    }

    // MARK: Names

    /// Whether the name is the one that came at this place before.
    @inline(__always) private func isNext(_ name: UnsafeRawPointer, _ count: Int) -> Bool {
        guard filled.count < filled.known, count > 0 else { return false }
        let one = unsafe entries + filled.count
        return unsafe Int(one.pointee.nameCount) == count
            && Self.equals(names + Int(one.pointee.name), name, count)
    }
    /// The entry for a name, made when there is none; -1 for an empty name.
    @inline(never) private mutating func enter(_ source: UnsafeRawPointer, _ length: Int, _ readable: Int) -> Int {
        forgetRest()
        let name = unsafe names + filled.names
        let count = unsafe Self.copy(source, length, readable, to: name)
        guard count > 0 else { return -1 }
        let hash = unsafe Self.hash(name, count)
        let chain = unsafe first + Int(hash) % TextTable.chains
        var at = unsafe Int(chain.pointee)
        while at >= 0 {
            let one = unsafe entries[at]
            if one.hash == hash, Int(one.nameCount) == count,
                unsafe Self.equals(names + Int(one.name), name, count)
            {
                if one.value >= 0 { return at }
                // Removed, and now the last one: the old entry holds its place only.
                unsafe entries[at].nameCount = 0
                chainUp()
                break
            }
            at = Int(one.next)
        }
        unsafe entries[filled.count] = TextTable.Entry(
            name: Int32(truncatingIfNeeded: filled.names), nameCount: Int32(truncatingIfNeeded: count), value: 0,
            valueCount: 0, hash: hash, next: chain.pointee)
        unsafe chain.pointee = Int32(truncatingIfNeeded: filled.count)
        filled.names += count + 1
        filled.known = filled.count + 1
        return filled.count
    }
    /// Names that followed before and do not now.
    private mutating func forgetRest() {
        guard filled.known > filled.count else { return }
        unsafe filled.names = Int(entries[filled.count].name)
        filled.known = filled.count
        chainUp()
    }
    private func chainUp() {
        unsafe first.update(repeating: -1, count: TextTable.chains)
        for index in 0..<filled.known where unsafe entries[index].nameCount > 0 {
            let chain = unsafe first + Int(entries[index].hash) % TextTable.chains
            unsafe entries[index].next = chain.pointee
            unsafe chain.pointee = Int32(truncatingIfNeeded: index)
        }
    }

    // MARK: Bytes

    /// Copies up to `count` of the `readable` bytes, not further than a NUL, and ends them with one; returns how many. Two words
    /// are written at a time, so that there is rubbish behind the NUL until the next text comes.
    @inline(__always) private static func copy(
        _ source: UnsafeRawPointer, _ count: Int, _ readable: Int, to target: UnsafeMutableRawPointer
    ) -> Int {
        var done = 0
        while done < count {
            guard done &+ 16 <= readable else {
                done = unsafe copyLast(source, done, count, to: target)
                break
            }
            let first = unsafe source.loadUnaligned(fromByteOffset: done, as: UInt64.self)
            let second = unsafe source.loadUnaligned(fromByteOffset: done &+ 8, as: UInt64.self)
            unsafe target.storeBytes(of: first, toByteOffset: done, as: UInt64.self)
            unsafe target.storeBytes(of: second, toByteOffset: done &+ 8, as: UInt64.self)
            if ByteScan.zeroBytes(first) | ByteScan.zeroBytes(second) != 0 {
                done &+= firstZero(first.littleEndian, second.littleEndian)
                break
            }
            done &+= 16
        }
        done = min(done, count)
        unsafe target.storeBytes(of: 0, toByteOffset: done, as: UInt8.self)
        return done
    }
    @inline(__always) private static func firstZero(_ first: UInt64, _ second: UInt64) -> Int {
        let zeros = ByteScan.zeroBytes(first)
        return zeros != 0
            ? zeros.trailingZeroBitCount / 8 : 8 &+ ByteScan.zeroBytes(second).trailingZeroBitCount / 8
    }
    /// The same byte by byte from `start` on, where fewer than two words can be read.
    @inline(never) private static func copyLast(
        _ source: UnsafeRawPointer, _ start: Int, _ count: Int, to target: UnsafeMutableRawPointer
    ) -> Int {
        var done = start
        while done < count {
            let byte = unsafe source.load(fromByteOffset: done, as: UInt8.self)
            if byte == 0 { break }
            unsafe target.storeBytes(of: byte, toByteOffset: done, as: UInt8.self)
            done += 1
        }
        return done
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
        guard count >= 8 else {
            for at in 0..<count
            where unsafe one.load(fromByteOffset: at, as: UInt8.self) != other.load(fromByteOffset: at, as: UInt8.self)
            { return false }
            return true
        }
        // The last word overlaps the one before it.
        var at = 0
        while true {
            guard
                unsafe one.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    == other.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            else { return false }
            if at &+ 8 >= count { return true }
            at = min(at &+ 8, count &- 8)
        }
    }
}
