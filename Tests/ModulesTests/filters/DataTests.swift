import Bytes
import Testing

@testable import Modules

@Suite struct DataTests {
    @Test(
        arguments: [
            (nil, "data:;base64,"), ("text/html", "data:text/html;base64,"),
            ("text/html; charset=utf-8", "data:text/html;charset=utf-8;base64,"),
            ("text/html; charset=utf-8 x", "data:text/html;charset=utf-8;base64,"),
        ] as [(String?, String)])
    func prefixes(_ row: (type: String?, text: String)) {
        #expect(DataURL.prefix(row.type.map { ByteString($0) }).string == row.text)
    }
}
