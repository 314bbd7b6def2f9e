import Bytes
import Testing

@Suite struct TextTableTests {
    @Test func textsKeepTheirOrder() {
        var table = TextTable()
        table.set("A", "1")
        table.set("B", "2")
        table.set("C", "3")
        table.set("A", "new")
        table.set("B", nil)
        table.set("D", "x")
        table.set("B", "late")
        var flat: [UInt8] = []
        table.flatten(into: &flat)
        #expect(String(decoding: flat, as: UTF8.self) == "A\0new\0C\u{0}3\0D\0x\0B\0late\0")
        table.removeAll()
        table.set("X", "")
        table.flatten(into: &flat)
        #expect(flat == Array("X\0\0".utf8))
        #expect(table["A"] == nil)
        let bytes: [UInt8] = [5, 6] + Array("NA\0MEva\0lue".utf8)
        let isTaken = table.append(pairs: bytes.span, 0..<bytes.count)
        #expect(isTaken)
        table.flatten(into: &flat)
        #expect(String(decoding: flat, as: UTF8.self) == "X\0\0NA\0va\0")
    }

    /// Lengths around those of words, in names and values, many in one go and once more in another order.
    @Test func allLengths() {
        var table = TextTable()
        for round in 0..<2 {
            table.removeAll()
            var pairs: [UInt8] = []
            func name(_ number: Int) -> [UInt8] {
                Array(repeating: 65 + UInt8(number % 26), count: number % 40 + 1) + Array("\(number)".utf8)
            }
            func value(_ number: Int) -> [UInt8] { Array(repeating: 97, count: number % 23) }
            let numbers = round == 0 ? Array(0..<300) : (0..<300).reversed()
            for number in numbers {
                let length = value(number).count
                pairs +=
                    [UInt8(name(number).count)] + (number % 2 == 0 ? [UInt8(length)] : [0x80, 0, 0, UInt8(length)])
                pairs += name(number) + value(number)
            }
            let isTaken = table.append(pairs: pairs.span, 0..<pairs.count)
            #expect(isTaken)
            for number in numbers { #expect(table.value(of: ByteString(name(number)))?.bytes == value(number)) }
            #expect(table.value(of: "A") == nil)
            var flat: [UInt8] = []
            table.flatten(into: &flat)
            var expected: [UInt8] = []
            for number in numbers { expected += name(number) + [0] + value(number) + [0] }
            #expect(flat == expected)
        }
    }
    @Test(
        arguments: [[1], [1, 2, 65], [0x80, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF, 0, 65], [2, 0x80, 0, 1, 65, 66]]
            as [[UInt8]])
    func lengthsPastTheEnd(_ pairs: [UInt8]) {
        var table = TextTable()
        let isTaken = table.append(pairs: pairs.span, 0..<pairs.count)
        #expect(!isTaken)
    }
    @Test func tooMany() {
        var table = TextTable()
        var pairs: [UInt8] = []
        for number in 0...TextTable.mostEntries {
            pairs += [4, 0, 1, 1 + UInt8(number & 127), 1 + UInt8(number >> 7 & 127), 1 + UInt8(number >> 14)]
        }
        let isTaken = table.append(pairs: pairs.span, 0..<pairs.count)
        #expect(!isTaken)
    }
}
