// Apache: apr_tables.h (apr_table_addn, apr_table_overlap)

import Bytes

/// Filling tables with many variables whose names are known beforehand, without a string for each name.
extension Table {
    public mutating func reserve(entries count: Int, bytes: Int) {
        entries.reserveCapacity(entries.count + count)
        text.reserveCapacity(text.count + bytes)
    }
    /// Adds an entry whether or not there is one.
    public mutating func add(variable name: StaticString, _ value: ByteString) {
        add(variable: name) { $0.append(contentsOf: value.bytes) }
    }
    /// Adds an entry whose value `write` appends.
    public mutating func add(variable name: StaticString, _ write: (inout [UInt8]) -> Void) {
        let start = text.count
        text.append(name)
        finishEntry(start, text.count, write)
    }
    /// Adds an entry whose name and then value are appended; nothing is added when `writeName` says false.
    mutating func add(name writeName: (inout [UInt8]) -> Bool, value write: (inout [UInt8]) -> Void) {
        let start = text.count
        guard writeName(&text) else {
            text.removeLast(text.count - start)
            return
        }
        finishEntry(start, text.count, write)
    }
    private mutating func finishEntry(_ start: Int, _ middle: Int, _ write: (inout [UInt8]) -> Void) {
        write(&text)
        entries.append(
            Entry(
                name: Int32(truncatingIfNeeded: start), nameCount: Int32(truncatingIfNeeded: middle - start),
                value: Int32(truncatingIfNeeded: middle), valueCount: Int32(truncatingIfNeeded: text.count - middle)))
    }
    /// Replaces every entry of `name` by one.
    public mutating func set(variable name: StaticString, _ value: ByteString) {
        guard let first = index(of: name) else { return add(variable: name, value) }
        setValue(value, at: first)
        for index in stride(from: entries.count - 1, to: first, by: -1) where sameName(entries[index], entries[first]) {
            entries.remove(at: index)
        }
    }
    /// All entries of both tables; of several with one name the first keeps its place and takes the last one's value
    /// (apr_table_overlap with APR_OVERLAP_TABLES_SET).
    public mutating func overlap(_ other: Table) {
        append(other)
        var index = 1
        while index < entries.count {
            guard let first = earlier(index) else {
                index += 1
                continue
            }
            entries[first].value = entries[index].value
            entries[first].valueCount = entries[index].valueCount
            entries.remove(at: index)
        }
    }
    /// All entries of both tables; the values of one name are joined with ", " (APR_OVERLAP_TABLES_MERGE).
    public mutating func overlapMerging(_ other: Table) {
        append(other)
        var index = 1
        while index < entries.count {
            guard let first = earlier(index) else {
                index += 1
                continue
            }
            setValue("\(value(at: first)), \(value(at: index))", at: first)
            entries.remove(at: index)
        }
    }
    private func earlier(_ index: Int) -> Int? { (0..<index).first { sameName(entries[$0], entries[index]) } }
    private mutating func append(_ other: Table) {
        let shift = Int32(truncatingIfNeeded: text.count)
        text.append(contentsOf: other.text)
        entries.reserveCapacity(entries.count + other.entries.count)
        for var entry in other.entries {
            entry.name &+= shift
            entry.value &+= shift
            entries.append(entry)
        }
    }
    private func sameName(_ left: Entry, _ right: Entry) -> Bool {
        guard left.nameCount == right.nameCount else { return false }
        let (one, two) = (Int(left.name), Int(right.name))
        for offset in 0..<Int(left.nameCount) where ASCII.lower(text[one + offset]) != ASCII.lower(text[two + offset]) {
            return false
        }
        return true
    }

    /// The buffer that ``ranges(at:)`` speaks of.
    public var storage: [UInt8] { text }
    /// Where name and value of an entry lie in ``storage``.
    public func ranges(at index: Int) -> (name: Range<Int>, value: Range<Int>) { (nameRange(index), valueRange(index)) }
}
