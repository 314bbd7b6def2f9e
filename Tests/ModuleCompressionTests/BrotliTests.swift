import Bytes
import Testing

@testable import ModuleCompression

@Suite struct BrotliTests {
    private static let text: [UInt8] = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 % 251 &+ $0 / 977) }

    private func compressed(_ data: [UInt8], step: Int, quality: UInt32 = 5) throws -> [UInt8] {
        let stream = try #require(BrotliStream(quality: quality, window: 18, block: 0))
        var output: [UInt8] = []
        for start in stride(from: 0, to: data.count, by: step) {
            #expect(stream.run(Array(data[start..<min(start + step, data.count)]), into: &output, .process))
        }
        #expect(stream.run([], into: &output, .finish))
        #expect(stream.totalIn == UInt64(data.count))
        #expect(stream.totalOut == UInt64(output.count))
        return output
    }
    @Test(arguments: [100, 8000, 1_000_000])
    func piecesMakeNoDifference(_ step: Int) throws {
        let whole = try compressed(Self.text, step: Self.text.count)
        #expect(whole.count < Self.text.count / 4)
        #expect(try compressed(Self.text, step: step) == whole)
    }
    @Test(arguments: [0, 5, 11] as [UInt32])
    func everyQualityWorks(_ quality: UInt32) throws {
        #expect(try compressed(Array(Self.text.prefix(20_000)), step: 4096, quality: quality).count < 10_000)
    }
    @Test func nothingIsOneByte() throws {
        // ISLAST and ISLASTEMPTY after the window's bits (RFC 7932, section 9).
        let made = try compressed([], step: 1)
        #expect(made.count == 1)
    }
    @Test func aFlushGivesAllThereIs() throws {
        let stream = try #require(BrotliStream(quality: 5, window: 18, block: 0))
        var output: [UInt8] = []
        #expect(stream.run(Array("hello hello hello".utf8), into: &output, .process))
        #expect(output.isEmpty)
        #expect(stream.run([], into: &output, .flush))
        #expect(!output.isEmpty)
        let flushed = output.count
        #expect(stream.run([], into: &output, .finish))
        #expect(output.count > flushed)
    }
}
