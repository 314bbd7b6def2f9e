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
        #expect(flat(table) == ["A=new", "C=3", "D=x", "B=late"])
        table.removeAll()
        table.set("X", "")
        #expect(flat(table) == ["X="])
        #expect(table["A"] == nil)
        let bytes: [UInt8] = [5, 6] + Array("NA\0MEva\0lue".utf8)
        let isTaken = table.append(pairs: bytes.span, 0..<bytes.count)
        #expect(isTaken)
        #expect(flat(table) == ["X=", "NA=va"])
    }

    /// The texts, and those that ``TextTable/withTexts(_:)`` shows.
    private func flat(_ table: TextTable) -> [String] {
        let pairs = table.pairs.map { "\($0.name)=\($0.value)" }
        let shown = unsafe table.withTexts { names, values, list in
            func text(_ bytes: UnsafeRawBufferPointer, _ at: Int32, _ count: Int32) -> String {
                let end = unsafe bytes[Int(at + count)]
                #expect(end == 0)
                return unsafe String(decoding: bytes[Int(at)..<Int(at + count)], as: UTF8.self)
            }
            var result: [String] = []
            for start in stride(from: 0, to: list.count, by: 24) {
                let word = (0..<4).map { unsafe list.load(fromByteOffset: start + 4 * $0, as: Int32.self) }
                guard word[2] >= 0 else { continue }
                result.append(unsafe text(names, word[0], word[1]) + "=" + text(values, word[2], word[3]))
            }
            return result
        }
        #expect(shown == pairs)
        return pairs
    }

    /// Each table once more after each other, whose names it may keep: what was there before never shows.
    @Test func oneAfterTheOther() {
        let requests: [[String]] = [
            ["A=1", "B=2", "LONG_NAME_OF_MANY_LETTERS=3", "C=4"], ["A=5", "B=", "LONG_NAME_OF_MANY_LETTERS=6", "C=7"],
            ["A=1"], ["A=1", "B=2"], ["A=1", "X=2", "LONG_NAME_OF_MANY_LETTERS=3", "C=4"], [], ["B=1", "A=2"],
            ["A=1", "B=2", "A=3"], ["A=1", "B=2", "C=3"], ["A=1", "=2", "B=3"], ["A=1", "B=2", "C=3", "B=4"],
            ["LONG_NAME_OF_MANY_LETTERT=1", "LONG_NAME_OF_MANY_LETTER=2"],
        ]
        var table = TextTable()
        for (first, second) in requests.flatMap({ one in requests.map { (one, $0) } }) {
            for request in [first, second] {
                table.removeAll()
                var fresh = TextTable()
                for pair in request {
                    let sign = pair.firstIndex(of: "=") ?? pair.endIndex
                    let name = ByteString(pair[..<sign])
                    table.set(name, ByteString(pair[sign...].dropFirst()))
                    fresh.set(name, ByteString(pair[sign...].dropFirst()))
                }
                #expect(flat(table) == flat(fresh))
                for name in ["A", "B", "C", "X"] as [ByteString] {
                    #expect(table.value(of: name) == fresh.value(of: name))
                }
                // What a worker does to a request's variables must not show in the next.
                if request.count > 3 {
                    table.set("B", nil)
                    table.set("NEW", "1")
                    table.set("B", "again")
                    #expect(flat(table).suffix(2) == ["NEW=1", "B=again"])
                }
            }
        }
    }

    @Test func loadsOverWhatIsThere() {
        var table = TextTable()
        table.set("A", "one")
        table.set("EMPTY", "")
        var text: ByteString? = "x"
        for (name, value) in [("A", "one"), ("A", "one"), ("B", nil), ("EMPTY", ""), ("A", "one")]
            as [(StaticString, ByteString?)]
        {
            table.load(name, into: &text)
            #expect(text == value)
        }
        table.set("A", "two")
        table.load("A", into: &text)
        #expect(text == "two")
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
            #expect(table.pairs.map(\.name.bytes) == numbers.map(name))
            #expect(table.pairs.map(\.value.bytes) == numbers.map(value))
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
