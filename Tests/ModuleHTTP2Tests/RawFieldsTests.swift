// ModuleHTTP2/RawFields.swift, FrameMemory.swift

import Bytes
import CNGHTTP2
import Testing

@testable import ModuleHTTP2

@Suite struct RawFieldsTests {
    private func add(_ raw: RawFields, _ name: String, _ value: String) -> Bool {
        let (name, value) = (Array(name.utf8), Array(value.utf8))
        return unsafe name.withUnsafeBufferPointer { name in
            unsafe value.withUnsafeBufferPointer { unsafe raw.append(name, $0) }
        }
    }
    private func fields(_ raw: RawFields, _ range: Range<Int>) -> [String] {
        var found: [String] = []
        _ = raw.forEach(in: range) { name, value in
            var text: [UInt8] = []
            text.append(name, 0..<name.count)
            text.append(": ")
            text.append(value, 0..<value.count)
            found.append(String(decoding: text, as: UTF8.self))
            return true
        }
        return found
    }

    @Test func whatWasAddedIsThere() {
        let raw = RawFields()
        #expect(add(raw, ":path", "/a"))
        let middle = raw.count
        #expect(add(raw, "empty", ""))
        #expect(add(raw, "accept", "*/*"))
        #expect(fields(raw, 0..<middle) == [":path: /a"])
        #expect(fields(raw, middle..<raw.count) == ["empty: ", "accept: */*"])
        raw.cut(to: middle)
        #expect(fields(raw, 0..<raw.count) == [":path: /a"])
    }
    @Test func theSameFieldsAreTheSameBytes() {
        let raw = RawFields()
        var ends = [0]
        for pairs in [[("a", "bc")], [("a", "bc")], [("ab", "c")]] {
            for pair in pairs { #expect(add(raw, pair.0, pair.1)) }
            ends.append(raw.count)
        }
        let first = raw.read(ends[0]..<ends[1]) { Array(copying: $0) }
        #expect(raw.read(ends[1]..<ends[2]) { $0.equals(first) })
        #expect(!raw.read(ends[2]..<ends[3]) { $0.equals(first) })
        #expect(raw.read(ends[0]..<ends[1]) { $0.wordHash } == raw.read(ends[1]..<ends[2]) { $0.wordHash })
        #expect(raw.read(ends[0]..<ends[1]) { $0.wordHash } != raw.read(ends[2]..<ends[3]) { $0.wordHash })
    }
    @Test func whatDoesNotFitIsRefused() {
        let raw = RawFields()
        let value = String(repeating: "v", count: 1000)
        var count = 0
        while add(raw, "x", value) { count += 1 }
        #expect(count == RawFields.capacity / 1009)
        #expect(fields(raw, 0..<raw.count).count == count)
    }
}

private extension [UInt8] {
    init(copying span: borrowing Span<UInt8>) {
        self = []
        append(span, 0..<span.count)
    }
}

@Suite struct FrameMemoryTests {
    @Test func blocksComeBack() {
        let memory = FrameMemory()
        let table = unsafe memory.table.pointee
        for size in [0, 1, 31, 32, 33, 1000, 1024, 1025, 70000] {
            let block = unsafe table.malloc(size, table.mem_user_data)
            unsafe block?.initializeMemory(as: UInt8.self, repeating: 7, count: size)
            unsafe table.free(block, table.mem_user_data)
            let again = unsafe table.malloc(size, table.mem_user_data)
            if size <= 1024 { #expect(unsafe again == block) }
            unsafe table.free(again, table.mem_user_data)
        }
        unsafe table.free(nil, table.mem_user_data)
    }
    @Test func blocksGrow() {
        let memory = FrameMemory()
        let table = unsafe memory.table.pointee
        var block = unsafe table.calloc(3, 10, table.mem_user_data)
        for index in 0..<30 { #expect(unsafe block?.load(fromByteOffset: index, as: UInt8.self) == 0) }
        unsafe block?.initializeMemory(as: UInt8.self, repeating: 9, count: 30)
        for size in [32, 100, 5000, 20000] {
            unsafe block = table.realloc(block, size, table.mem_user_data)
            for index in 0..<30 { #expect(unsafe block?.load(fromByteOffset: index, as: UInt8.self) == 9) }
        }
        unsafe table.free(block, table.mem_user_data)
        #expect(unsafe table.calloc(Int.max, 16, table.mem_user_data) == nil)
    }
    @Test func oneBufferForFramesPerSession() {
        let memory = FrameMemory()
        let table = unsafe memory.table.pointee
        let size = 9 + 1 + 16384
        let shared = unsafe memory.makeSession { unsafe table.malloc(size, table.mem_user_data) }
        let (second, further) = unsafe memory.makeSession {
            unsafe (table.malloc(size, table.mem_user_data), table.malloc(size, table.mem_user_data))
        }
        let later = unsafe table.malloc(size, table.mem_user_data)
        #expect(unsafe shared == second)
        #expect(unsafe shared != further && shared != later && further != later)
        unsafe table.free(shared, table.mem_user_data)
        unsafe table.free(further, table.mem_user_data)
        unsafe table.free(later, table.mem_user_data)
    }
}
