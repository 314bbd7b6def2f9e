// PHP: no counterpart (its workers are forks of the process that read the configuration)
import Bytes

/// Writes fields to bytes, or reads them back: a type lists its fields once, and both directions follow that list.
protocol FieldCoder {
    /// Whether more can be written, or read.
    var hasMore: Bool { get }
    mutating func code(_ value: inout Int)
    mutating func code(_ value: inout ByteString)
}

extension FieldCoder {
    mutating func code(_ value: inout Bool) {
        var number = value ? 1 : 0
        code(&number)
        value = number != 0
    }
    mutating func code(_ value: inout Int32) {
        var number = Int(value)
        code(&number)
        value = Int32(truncatingIfNeeded: number)
    }
    mutating func code(_ value: inout UInt32) {
        var number = Int(value)
        code(&number)
        value = UInt32(truncatingIfNeeded: number)
    }
    mutating func code(_ value: inout KeyValue) {
        code(&value.key)
        code(&value.value)
    }
    mutating func code(_ value: inout Int32?) { code(&value, empty: 0) { $0.code(&$1) } }
    mutating func code(_ value: inout UInt32?) { code(&value, empty: 0) { $0.code(&$1) } }
    mutating func code(_ value: inout ByteString?) { code(&value, empty: "") { $0.code(&$1) } }
    mutating func code(_ list: inout [ByteString]) { code(&list, empty: "") { $0.code(&$1) } }
    mutating func code(_ list: inout [KeyValue]) { code(&list, empty: KeyValue("", "")) { $0.code(&$1) } }
    mutating func code(_ value: inout ProcessManagement?) {
        let all = ProcessManagement.allCases
        var number = value.flatMap { all.firstIndex(of: $0) } ?? -1
        code(&number)
        value = all.indices.contains(number) ? all[number] : nil
    }

    /// A value that may be missing; `empty` is what reading begins with.
    mutating func code<T>(_ value: inout T?, empty: T, _ body: (inout Self, inout T) -> Void) {
        var isThere = value != nil
        code(&isThere)
        guard isThere else { return value = nil }
        var inner = value ?? empty
        body(&self, &inner)
        value = inner
    }
    mutating func code<T>(_ list: inout [T], empty: T, _ body: (inout Self, inout T) -> Void) {
        var count = list.count
        code(&count)
        // A list may have had something in it by default.
        list.removeLast(max(0, list.count - max(0, count)))
        for index in 0..<max(0, count) where hasMore {
            if index == list.count { list.append(empty) }
            body(&self, &list[index])
        }
    }
}

struct FieldWriter: FieldCoder {
    private(set) var bytes: [UInt8] = []
    var hasMore: Bool { true }

    mutating func code(_ value: inout Int) {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    mutating func code(_ value: inout ByteString) {
        var count = value.count
        code(&count)
        bytes += value.bytes
    }
}

/// Where bytes are missing, it reads zeros and empty texts.
struct FieldReader: FieldCoder {
    private let bytes: [UInt8]
    private var at = 0
    private var isCut = false
    /// Everything was there, and was read.
    var isComplete: Bool { !isCut && at == bytes.count }
    var hasMore: Bool { !isCut && at < bytes.count }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func code(_ value: inout Int) {
        value = 0
        for (index, byte) in next(8).enumerated() { value |= Int(byte) << (8 * index) }
    }
    mutating func code(_ value: inout ByteString) {
        var count = 0
        code(&count)
        value = ByteString(Array(next(count)))
    }
    private mutating func next(_ count: Int) -> ArraySlice<UInt8> {
        guard !isCut, count >= 0, count <= bytes.count - at else {
            isCut = true
            return []
        }
        at += count
        return bytes[at - count..<at]
    }
}
