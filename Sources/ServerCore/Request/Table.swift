// Apache: apr_tables.h (apr_table_t)

import Bytes

/// Ordered names and values, names compared without case: header fields, environment, notes.
///
/// All text lies in one buffer, entries are ranges into it: a table costs two arrays however many entries it has,
/// copies share them, and a table that is emptied and filled again allocates nothing after warm-up.
public struct Table: Sendable {
    struct Entry: Sendable {
        var name: Int32
        var nameCount: Int32
        var value: Int32
        var valueCount: Int32
    }
    var text: [UInt8] = []
    var entries: [Entry] = []

    public init() {}

    public var count: Int { entries.count }
    public var isEmpty: Bool { entries.isEmpty }

    public mutating func removeAll() {
        text.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    /// The first value of `name` (apr_table_get).
    @_disfavoredOverload
    public subscript(name: ByteString) -> ByteString? { index(of: name).map { value(at: $0) } }
    public subscript(name: StaticString) -> ByteString? { index(of: name).map { value(at: $0) } }
    @_disfavoredOverload
    public func contains(_ name: ByteString) -> Bool { index(of: name) != nil }
    public func contains(_ name: StaticString) -> Bool { index(of: name) != nil }

    /// Appends the first value of `name` to `buffer` without allocating; false when there is none.
    public func append(valueOf name: ByteString, to buffer: inout [UInt8]) -> Bool {
        guard let index = index(of: name) else { return false }
        buffer.append(contentsOf: text[valueRange(index)])
        return true
    }

    /// Replaces every entry of `name` by one (apr_table_set).
    @_disfavoredOverload
    public mutating func set(_ name: ByteString, _ value: ByteString) {
        guard let first = index(of: name) else { return add(name, value) }
        setValue(value, at: first)
        remove(name, from: first + 1)
    }
    public mutating func set(_ name: StaticString, _ value: ByteString) {
        guard let first = index(of: name) else { return add(name, value) }
        setValue(value, at: first)
        if first + 1 < entries.count { remove(ByteString(name), from: first + 1) }
    }
    /// Adds an entry whether or not there is one (apr_table_add).
    @_disfavoredOverload
    public mutating func add(_ name: ByteString, _ value: ByteString) {
        let start = text.count
        text.append(contentsOf: name.bytes)
        text.append(contentsOf: value.bytes)
        addEntry(start, name.count)
    }
    public mutating func add(_ name: StaticString, _ value: ByteString) {
        let start = text.count
        text.append(name)
        text.append(contentsOf: value.bytes)
        addEntry(start, name.utf8CodeUnitCount)
    }
    /// The same with a name and a value that lie in other text.
    public mutating func add(_ other: borrowing Span<UInt8>, name: Range<Int>, value: Range<Int>) {
        let start = text.count
        text.append(other, name)
        text.append(other, value)
        addEntry(start, name.count)
    }
    /// The name begins at `start`, and the value behind it goes to the end.
    private mutating func addEntry(_ start: Int, _ nameCount: Int) {
        let value = start + nameCount
        entries.append(
            Entry(
                name: Int32(truncatingIfNeeded: start), nameCount: Int32(truncatingIfNeeded: nameCount),
                value: Int32(truncatingIfNeeded: value), valueCount: Int32(truncatingIfNeeded: text.count - value)))
    }
    /// Adds to the value with ", " between (apr_table_merge).
    @_disfavoredOverload
    public mutating func merge(_ name: ByteString, _ value: ByteString) {
        guard let first = index(of: name) else { return add(name, value) }
        setValue("\(self.value(at: first)), \(value)", at: first)
    }
    public mutating func merge(_ name: StaticString, _ value: ByteString) {
        guard let first = index(of: name) else { return add(name, value) }
        setValue("\(self.value(at: first)), \(value)", at: first)
    }
    /// Removes every entry of `name` (apr_table_unset).
    @_disfavoredOverload
    public mutating func unset(_ name: ByteString) {
        if let first = index(of: name) { remove(name, from: first) }
    }
    public mutating func unset(_ name: StaticString) {
        if let first = index(of: name) { remove(ByteString(name), from: first) }
    }
    public mutating func setIfAbsent(_ name: ByteString, _ value: ByteString) {
        if !contains(name) { add(name, value) }
    }
    /// Lays the entries of `other` over these: each of its names replaces (apr_table_overlap with SET).
    public mutating func overlay(_ other: Table) {
        for (name, value) in other.pairs { set(name, value) }
    }
    /// Entries of both, those of `top` first; names may occur twice (apr_table_overlay).
    public func overlaid(with top: Table) -> Table {
        var result = top
        for (name, value) in pairs { result.add(name, value) }
        return result
    }

    /// Every entry in order; allocates one string for each name and value.
    public var pairs: [(name: ByteString, value: ByteString)] {
        entries.indices.map { (name(at: $0), value(at: $0)) }
    }
    public func name(at index: Int) -> ByteString { ByteString(Array(text[nameRange(index)])) }
    public func value(at index: Int) -> ByteString { ByteString(Array(text[valueRange(index)])) }
    /// All values of `name` in order.
    public func values(of name: StaticString) -> [ByteString] {
        contains(name) ? values(of: ByteString(name)) : []
    }
    @_disfavoredOverload
    public func values(of name: ByteString) -> [ByteString] {
        entries.indices.filter { matches(entries[$0], name) }.map { value(at: $0) }
    }
    /// Replaces the value of one entry.
    public mutating func setValue(_ value: ByteString, at index: Int) {
        entries[index].value = Int32(truncatingIfNeeded: text.count)
        entries[index].valueCount = Int32(truncatingIfNeeded: value.count)
        text.append(contentsOf: value.bytes)
    }
    /// Appends `Name: value\r\n` for every entry.
    public func appendFieldLines(to buffer: inout [UInt8]) {
        for index in entries.indices {
            buffer.append(contentsOf: text[nameRange(index)])
            buffer.append(": ")
            buffer.append(contentsOf: text[valueRange(index)])
            buffer.append("\r\n")
        }
    }

    func nameRange(_ index: Int) -> Range<Int> {
        Int(entries[index].name)..<Int(entries[index].name + entries[index].nameCount)
    }
    func valueRange(_ index: Int) -> Range<Int> {
        Int(entries[index].value)..<Int(entries[index].value + entries[index].valueCount)
    }
    @_disfavoredOverload
    public func index(of name: ByteString) -> Int? {
        for index in entries.indices where matches(entries[index], name) { return index }
        return nil
    }
    public func index(of name: StaticString) -> Int? {
        for index in entries.indices where matches(entries[index], name) { return index }
        return nil
    }
    private func matches(_ entry: Entry, _ name: ByteString) -> Bool {
        guard Int(entry.nameCount) == name.count else { return false }
        let start = Int(entry.name)
        for offset in 0..<name.count where ASCII.lower(text[start + offset]) != ASCII.lower(name.bytes[offset]) {
            return false
        }
        return true
    }
    private func matches(_ entry: Entry, _ name: StaticString) -> Bool {
        guard Int(entry.nameCount) == name.utf8CodeUnitCount else { return false }
        let start = Int(entry.name)
        return name.withUTF8Buffer { literal in
            for offset in 0..<literal.count
            where unsafe ASCII.lower(text[start + offset]) != ASCII.lower(literal[offset]) { return false }
            return true
        }
    }
    private mutating func remove(_ name: ByteString, from first: Int) {
        for index in stride(from: entries.count - 1, through: first, by: -1) where matches(entries[index], name) {
            entries.remove(at: index)
        }
    }
}
