// PHP: main/fastcgi.c (fcgi_hash_set, fcgi_hash_del, fcgi_loadenv)
import Bytes

/// The variables of one request, in the order they were first set.
///
/// All texts lie in one buffer that is kept for the next request, so that a usual request allocates nothing here. Names and
/// values end at their first NUL, as they do in C.
struct RequestEnvironment {
    private struct Entry {
        var name: Range<Int32>
        /// Empty range at -1: removed.
        var value: Range<Int32>
        var hash: UInt32
        /// The next entry of the same chain, -1: none.
        var next: Int32
        var isSet: Bool { value.lowerBound >= 0 }
    }
    private static let chains = 128
    private static let removed: Range<Int32> = -1 ..< -1
    /// Variables a request may have, and bytes of them.
    static let mostEntries = 16_384
    static let mostBytes = 16 << 20

    private var bytes: [UInt8] = []
    private var entries: [Entry] = []
    private var first = [Int32](repeating: -1, count: chains)

    init() {}

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        for chain in 0..<Self.chains { first[chain] = -1 }
    }

    /// The present value.
    subscript(_ name: StaticString) -> ByteString? {
        find(name).map { ByteString(bytes.span, Int(entries[$0].value.lowerBound)..<Int(entries[$0].value.upperBound)) }
    }
    func value(of name: ByteString) -> ByteString? {
        let hash = ByteHash.of(name.bytes.span, 0..<name.count)
        return find(hash) { $0.count == name.count && bytes[$0].elementsEqual(name.bytes) }
            .map { ByteString(bytes.span, Int(entries[$0].value.lowerBound)..<Int(entries[$0].value.upperBound)) }
    }
    func has(_ name: StaticString) -> Bool { find(name) != nil }

    /// Sets a variable, or removes it with nil. One that is set again after its removal is the last one.
    mutating func set(_ name: StaticString, _ value: ByteString?) {
        guard let value else { return remove(name) }
        let start = bytes.count
        bytes.append(name)
        let middle = bytes.count
        bytes.append(0)
        bytes.append(contentsOf: value.bytes)
        insert(name: start..<middle, valueAt: middle + 1)
    }
    /// Takes a variable from a record of the client's; false when there are too many.
    mutating func append(_ span: borrowing Span<UInt8>, name: Range<Int>, value: Range<Int>) -> Bool {
        guard entries.count < Self.mostEntries, bytes.count < Self.mostBytes else { return false }
        let start = bytes.count
        let nameEnd = span.firstIndex(of: 0, from: name.lowerBound, to: name.upperBound)
        bytes.append(span, name.lowerBound..<nameEnd)
        let middle = bytes.count
        bytes.append(0)
        bytes.append(span, value.lowerBound..<span.firstIndex(of: 0, from: value.lowerBound, to: value.upperBound))
        insert(name: start..<middle, valueAt: middle + 1)
        return true
    }

    /// `name\0value\0` for each, in the order they were first set. Empty names are left out.
    func flatten(into output: inout [UInt8]) {
        output.removeAll(keepingCapacity: true)
        if isCompact {
            output.append(contentsOf: bytes)
            return
        }
        for entry in entries where entry.isSet && !entry.name.isEmpty {
            output.append(bytes.span, Int(entry.name.lowerBound)..<Int(entry.name.upperBound) + 1)
            output.append(bytes.span, Int(entry.value.lowerBound)..<Int(entry.value.upperBound) + 1)
        }
    }
    /// Nothing was changed: the texts lie in that order already.
    private var isCompact: Bool {
        var at: Int32 = 0
        for entry in entries {
            guard entry.name.lowerBound == at, !entry.name.isEmpty, entry.value.lowerBound == entry.name.upperBound + 1
            else { return false }
            at = entry.value.upperBound + 1
        }
        return at == Int32(clamping: bytes.count)
    }

    /// Enters a text that was just appended: a name, NUL, a value; the last NUL is added here.
    private mutating func insert(name: Range<Int>, valueAt: Int) {
        let value = Int32(clamping: valueAt)..<Int32(clamping: bytes.count)
        bytes.append(0)
        let hash = ByteHash.of(bytes.span, name)
        let same = find(hash) { $0.count == name.count && bytes[$0].elementsEqual(bytes[name]) }
        if let same {
            entries[same].value = value
            return
        }
        let chain = Int(hash) % Self.chains
        entries.append(
            Entry(
                name: Int32(clamping: name.lowerBound)..<Int32(clamping: name.upperBound), value: value, hash: hash,
                next: first[chain]))
        first[chain] = Int32(entries.count - 1)
    }
    private mutating func remove(_ name: StaticString) {
        guard let index = find(name) else { return }
        entries[index].value = Self.removed
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
    private func find(_ name: StaticString) -> Int? {
        let span = bytes.span
        return find(ByteHash.of(name)) { span.equals(name, in: $0) }
    }
    private func find(_ hash: UInt32, _ isSame: (Range<Int>) -> Bool) -> Int? {
        var at = Int(first[Int(hash) % Self.chains])
        while at >= 0 {
            let entry = entries[at]
            if entry.hash == hash, isSame(Int(entry.name.lowerBound)..<Int(entry.name.upperBound)) { return at }
            at = Int(entry.next)
        }
        return nil
    }
}
