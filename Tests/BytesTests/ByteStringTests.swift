import Bytes
import Testing

@Suite struct ByteStringTests {
    @Test(arguments: [(0, "0"), (7, "7"), (10, "10"), (-3, "-3"), (1_234_567, "1234567"), (Int.min, "\(Int.min)")])
    func decimalAppends(number: Int, text: String) {
        var buffer: [UInt8] = []
        buffer.append(decimal: number)
        #expect(String(decoding: buffer, as: UTF8.self) == text)
    }
    @Test(arguments: [(5, 2, "05"), (12, 2, "12"), (123, 2, "123"), (0, 3, "000")])
    func paddedAppends(number: Int, width: Int, text: String) {
        var buffer: [UInt8] = []
        buffer.append(decimal: number, width: width)
        #expect(String(decoding: buffer, as: UTF8.self) == text)
    }
    @Test(arguments: [(0 as UInt, "0"), (255, "ff"), (0x1000, "1000"), (UInt.max, "ffffffffffffffff")])
    func hexadecimalAppends(number: UInt, text: String) {
        var buffer: [UInt8] = []
        buffer.append(hexadecimal: number)
        #expect(String(decoding: buffer, as: UTF8.self) == text)
    }
    @Test func comparesWithLiteralsByBytes() {
        let value: ByteString = "Straße"
        #expect(value == "Straße")
        #expect(value != "Strasse")
        #expect(ByteString("ABC").equalsIgnoringCase("abc"))
        #expect(!ByteString("ABCD").equalsIgnoringCase("abc"))
    }
    @Test func interpolationKeepsInvalidUTF8() {
        let raw = ByteString([0xFF, 0x2F])
        #expect(ByteString("a\(raw)b").bytes == [0x61, 0xFF, 0x2F, 0x62])
    }
    @Test func splitsAndTrims() {
        #expect(ByteString("a,,b").split(on: UInt8(ascii: ",")) == ["a", "", "b"])
        #expect(ByteString("  a \t b ").words() == ["a", "b"])
        #expect(ByteString(" \tx\r\n").trimmed() == "x")
        #expect(ByteString("abcabc").firstRange(of: "ca") == 2..<4)
        #expect(ByteString("aab").firstRange(of: "ab") == 1..<3)
        #expect(ByteString("ab").firstRange(of: "abc") == nil)
    }
}
