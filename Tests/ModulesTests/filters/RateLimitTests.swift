import Bytes
import Testing

@testable import Modules

@Suite struct RateLimitTests {
    @Test(
        arguments: [
            ("400", 409_600), ("1", 1024), ("2 kB", 2048), ("0", nil), ("-1", nil), ("fast", nil), ("", nil),
            ("2097152", nil), ("99999999999999999999", nil),
        ] as [(String, Int?)])
    func speeds(_ row: (text: String, bytes: Int?)) {
        #expect(RateLimit.bytesPerSecond(ByteString(row.text)) == row.bytes)
    }
}
