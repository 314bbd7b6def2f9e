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

    /// The texts are the first `used` bytes.
    private var bytes = [UInt8](repeating: 0, count: 4096)
    private var used = 0
    /// Nothing was changed: the texts lie in the order of the variables already.
    private var isCompact = true
    private var entries: [Entry] = []
    private var first = [Int32](repeating: -1, count: chains)

    init() {}

    mutating func removeAll() {
        used = 0
        isCompact = true
        for entry in entries { first[Int(entry.hash) % Self.chains] = -1 }
        entries.removeAll(keepingCapacity: true)
    }

    /// The present value.
    subscript(_ name: StaticString) -> ByteString? {
        find(name).map { ByteString(bytes.span, Int(entries[$0].value.lowerBound)..<Int(entries[$0].value.upperBound)) }
    }
    func value(of name: ByteString) -> ByteString? {
        let hash = ByteHash.ofSample(name.bytes.span, 0..<name.count)
        return find(hash) { $0.count == name.count && bytes[$0].elementsEqual(name.bytes) }
            .map { ByteString(bytes.span, Int(entries[$0].value.lowerBound)..<Int(entries[$0].value.upperBound)) }
    }
    func has(_ name: StaticString) -> Bool { find(name) != nil }

    /// Sets a variable, or removes it with nil. One that is set again after its removal is the last one.
    mutating func set(_ name: StaticString, _ value: ByteString?) {
        guard let value else { return remove(name) }
        let text = ByteString(name) + value
        insert(text.bytes.span, name: 0..<name.utf8CodeUnitCount, value: name.utf8CodeUnitCount..<text.count)
    }
    /// Takes a variable from a record of the client's; false when there are too many.
    mutating func append(_ span: borrowing Span<UInt8>, name: Range<Int>, value: Range<Int>) -> Bool {
        guard entries.count < Self.mostEntries, used < Self.mostBytes else { return false }
        let nameEnd = span.firstIndex(of: 0, from: name.lowerBound, to: name.upperBound)
        let valueEnd = span.firstIndex(of: 0, from: value.lowerBound, to: value.upperBound)
        insert(span, name: name.lowerBound..<nameEnd, value: value.lowerBound..<valueEnd)
        return true
    }

    /// `name\0value\0` for each, in the order they were first set. Empty names are left out.
    func flatten(into output: inout [UInt8]) {
        output.removeAll(keepingCapacity: true)
        if isCompact {
            output.append(bytes.span, 0..<used)
            return
        }
        for entry in entries where entry.isSet && !entry.name.isEmpty {
            output.append(bytes.span, Int(entry.name.lowerBound)..<Int(entry.name.upperBound) + 1)
            output.append(bytes.span, Int(entry.value.lowerBound)..<Int(entry.value.upperBound) + 1)
        }
    }
    private mutating func insert(_ span: borrowing Span<UInt8>, name: Range<Int>, value: Range<Int>) {
        let need = used + name.count + value.count + 2
        if need > bytes.count { bytes.append(contentsOf: repeatElement(0, count: need)) }
        let start = used
        let middle = bytes.writeTexts(span, name, value, at: start)
        used = need
        enter(start..<middle - 1, Int32(clamping: middle)..<Int32(clamping: need - 1))
    }
    private mutating func enter(_ name: Range<Int>, _ value: Range<Int32>) {
        let hash = ByteHash.ofSample(bytes.span, name)
        let same = find(hash) { $0.count == name.count && bytes[$0].elementsEqual(bytes[name]) }
        if let same {
            entries[same].value = value
            isCompact = false
            return
        }
        if name.isEmpty { isCompact = false }
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
    private func find(_ name: StaticString) -> Int? {
        let span = bytes.span
        return find(ByteHash.ofSample(name)) { span.equals(name, in: $0) }
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
