import Bytes
import Testing

@testable import Modules

@Suite struct UniqueIDTests {
    @Test(
        arguments: [
            (0, [UInt8](repeating: 0, count: 10), 0, 0, "AAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            (
                UInt32.max, [UInt8](repeating: 255, count: 10), UInt16.max, UInt32.max,
                "__________________________8"
            ),
            (0x6921_D5F0, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 258, 7, "aSHV8AECAwQFBgcICQoBAgAAAAc"),
        ] as [(UInt32, [UInt8], UInt16, UInt32, String)])
    func texts(_ row: (seconds: UInt32, root: [UInt8], counter: UInt16, connection: UInt32, text: String)) {
        let text = UniqueID.text(
            seconds: row.seconds, root: row.root, counter: row.counter, connection: row.connection)
        #expect(text.string == row.text)
    }
}
