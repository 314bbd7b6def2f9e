import Bytes
import Testing

@testable import ModuleCompression

/// A gzip member made with zlib as the filter makes it.
private func gzip(_ data: [UInt8], flags: UInt8 = 0, extra: [UInt8] = []) throws -> [UInt8] {
    var code: Int32 = 0
    let zlib = try #require(ZlibStream(compressing: -1, window: -15, memory: 9, error: &code))
    var output: [UInt8] = [0x1F, 0x8B, 8, flags, 0, 0, 0, 0, 0, 3] + extra
    var position = 0
    #expect(zlib.run(data, &position, into: &output, flush: .none) == .ok)
    #expect(position == data.count)
    #expect(zlib.run([], &position, into: &output, flush: .finish) == .end)
    for value in [ZlibStream.checksum(0, data), UInt32(data.count)] {
        for shift in [0, 8, 16, 24] as [UInt32] { output.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    return output
}
private func unpack(_ bytes: [UInt8], step: Int, ratio: Int = 200, limit: Int64 = 0) throws -> (
    data: [UInt8], done: Bool
) {
    var code: Int32 = 0
    let gunzip = Gunzip(try #require(ZlibStream(decompressing: -15, error: &code)))
    gunzip.ratioLimit = ratio
    gunzip.limit = limit
    var output: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: step) {
        try gunzip.feed(Array(bytes[start..<min(start + step, bytes.count)]), into: &output)
    }
    return (output, gunzip.isDone)
}

@Suite struct DeflateTests {
    private static let text: [UInt8] = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* $0 &+ $0 / 7) }

    @Test(arguments: [1, 7, 4096, 100_000])
    func roundTrip(_ step: Int) throws {
        let (data, done) = try unpack(gzip(Self.text), step: step)
        #expect(data == Self.text)
        #expect(done)
    }

    @Test(
        arguments: [
            (4, [2, 0, 9, 9]), (4, [0, 0]), (8, [65, 66, 0]), (16, [65, 0]), (2, [1, 2]),
            (30, [1, 0, 7, 65, 0, 66, 0, 3, 4]), (1, []),
        ] as [(UInt8, [UInt8])])
    func skipsOptionalParts(_ row: (flags: UInt8, extra: [UInt8])) throws {
        for step in [1, 1000] {
            #expect(
                try unpack(gzip(Array("hello".utf8), flags: row.flags, extra: row.extra), step: step).data
                    == Array("hello".utf8))
        }
    }

    @Test func refusesDamage() throws {
        let good = try gzip(Self.text)
        func failure(_ change: (inout [UInt8]) -> Void, ratio: Int = 200, limit: Int64 = 0) -> Gunzip.Failure? {
            var bytes = good
            change(&bytes)
            do {
                _ = try unpack(bytes, step: 100_000, ratio: ratio, limit: limit)
                return nil
            } catch { return error as? Gunzip.Failure }
        }
        #expect(failure { $0[0] = 0 } == .badMagic)
        #expect(failure { $0[2] = 9 } == .notDeflated)
        #expect(failure { $0[3] = 0x80 } == .badFlags(0x80))
        #expect(failure { $0[good.count - 5] ^= 1 } == .badChecksum)
        #expect(failure { $0[good.count - 1] ^= 1 } == .badLength(UInt32(Self.text.count) ^ 0x0100_0000))
        #expect(failure { $0.append(7) } == .trailingData(1))
        #expect(failure({ _ in }, limit: 1000) == .tooLong(Int64(Self.text.count)))
    }

    @Test func refusesBombs() throws {
        let bomb = try gzip([UInt8](repeating: 0, count: 8_000_000))
        #expect(throws: Gunzip.Failure.ratio) { try unpack(bomb, step: 1000) }
        #expect(try unpack(bomb, step: 1000, ratio: 100_000).data.count == 8_000_000)
    }

    @Test func damageNeverCrashes() throws {
        let good = try gzip(Self.text, flags: 12, extra: [3, 0, 1, 2, 3, 65, 0])
        for index in stride(from: 0, to: good.count, by: 11) {
            var bytes = good
            bytes[index] ^= 0x55
            _ = try? unpack(bytes, step: 64)
            _ = try? unpack(Array(good[0..<index]), step: 9)
        }
    }

    @Test(
        arguments: [
            ("gzip", "-"), ("X-GZIP", "-"), ("br", nil), ("br, gzip", "br"), ("gzip, identity", "-"),
            ("gzip, br", nil), ("a,gzip,", "a"), ("identity", nil),
        ] as [(String, String?)])
    func takesGzipOff(_ row: (field: String, rest: String?)) {
        let rest = withoutGzip(ByteString(row.field)).map { $0?.string ?? "-" }
        #expect(rest == row.rest)
    }
}
