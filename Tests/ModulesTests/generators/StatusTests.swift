import Bytes
import Testing

@testable import Modules

@Suite struct StatusTests {
    @Test(
        arguments: [
            (0, "0"), (0.03, ".03"), (0.0547945, ".0547945"), (0.589041, ".589041"), (3100.05, "3100.05"), (3, "3"),
            (100, "100"), (1_234_567, "1.23457e+06"), (0.00001, "1e-05"), (0.000123, ".000123"), (999999.6, "1e+06"),
            (2.488372, "2.48837"), (-1.5, "-1.5"), (1 / 0.0, "inf"),
        ] as [(Double, String)])
    func general(_ row: (value: Double, text: String)) {
        var bytes: [UInt8] = []
        bytes.append(general: row.value)
        #expect(ByteString(bytes).string == row.text)
    }
    @Test(
        arguments: [(0, 2, "0.00"), (1.005, 1, "1.0"), (12.346, 2, "12.35"), (3, 0, "3"), (0.996, 2, "1.00")]
            as [(Double, Int, String)])
    func fixed(_ row: (value: Double, decimals: Int, text: String)) {
        var bytes: [UInt8] = []
        bytes.append(fixed: row.value, row.decimals)
        #expect(ByteString(bytes).string == row.text)
    }
    @Test(arguments: [
        (0, ""), (1, " 1 second"), (3661, " 1 hour 1 minute 1 second"), (172_802, " 2 days 2 seconds"),
    ])
    func durations(_ row: (seconds: Int, text: String)) {
        var bytes: [UInt8] = []
        StatusPage.append(duration: row.seconds, to: &bytes)
        #expect(ByteString(bytes).string == row.text)
    }
    @Test(
        arguments: [
            (nil, nil, false, false), ("refresh=5", 5, false, false), ("refresh", 10, false, false),
            ("auto&refresh=-3", 10, false, true), ("notable&x", nil, true, false), ("refresh=x", 10, false, false),
        ] as [(String?, Int?, Bool, Bool)])
    func queries(_ row: (query: String?, refresh: Int?, noTable: Bool, short: Bool)) {
        let options = ServerStatus.Options(row.query.map { ByteString($0) })
        #expect(options.refresh == row.refresh)
        #expect(options.hasNoTable == row.noTable)
        #expect(options.isShort == row.short)
    }
    @Test(arguments: [(0, "0 B"), (5119, "5119 B"), (5120, "5.0 kB"), (600_000, "0.6 MB"), (600_000_000, "0.6 GB")])
    func sizes(_ row: (bytes: UInt64, text: String)) {
        var bytes: [UInt8] = []
        StatusPage.append(bytes: row.bytes, to: &bytes)
        #expect(ByteString(bytes).string == row.text)
    }
}
