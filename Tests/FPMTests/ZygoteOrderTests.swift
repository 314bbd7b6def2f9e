import Bytes
import Kernel
import Testing

@testable import FPM

/// Reads the same number, and texts that are that number, for ever: with 1 everything is there and on, with 0 nothing.
private struct Filler: FieldCoder {
    let number: Int
    let hasMore = true
    mutating func code(_ value: inout Int) { value = number }
    mutating func code(_ value: inout ByteString) { value = ByteString(decimal: number) }
}

@Suite struct ZygoteOrderTests {
    static func fields(_ pool: PoolConfig) -> [(name: String, value: String)] {
        Mirror(reflecting: pool).children.map { ($0.label ?? "", "\($0.value)") }
    }
    static func filled(_ number: Int = 1) -> PoolConfig {
        var pool = PoolConfig(name: "")
        var filler = Filler(number: number)
        pool.describe(&filler)
        return pool
    }
    static func order(_ pools: [PoolConfig]) -> ZygoteOrder {
        let log = ErrorLog()
        log.level = .error
        log.limit = 77
        var settings = EngineSettings()
        settings.iniLines = ["a=b", ""]
        settings.version = "8.3"
        return ZygoteOrder(
            credentials: Credentials(filled(), isRoot: true), pools: pools, settings: settings, log, processName: "name"
        )
    }

    @Test func noFieldIsForgotten() {
        let empty = Self.fields(Self.filled(0))
        #expect(empty.count > 50)
        for (one, other) in zip(empty, Self.fields(Self.filled(1))) { #expect(one.value != other.value, "\(one.name)") }
    }
    @Test func comesAsItWasSent() throws {
        let sent = Self.order([PoolConfig(name: "first"), Self.filled(0), Self.filled(1)])
        let file = try sent.file()
        let order = try #require(ZygoteOrder(file: file.raw))
        #expect(order.credentials == sent.credentials)
        #expect("\(order.settings)" == "\(sent.settings)")
        #expect(order.logLevel == .error && order.logLimit == 77 && order.processName == "name")
        #expect(order.pools.map { "\($0)" } == sent.pools.map { "\($0)" })
    }
    @Test func cutOrdersAreNone() throws {
        let file = try Self.order([Self.filled()]).file()
        let whole = try MemoryFile.read(file.raw, limit: 1 << 20)
        #expect(ZygoteOrder(whole) != nil)
        for count in stride(from: 0, to: whole.count, by: 7) { #expect(ZygoteOrder(Array(whole.prefix(count))) == nil) }
        #expect(ZygoteOrder(whole + [0]) == nil)
        #expect(ZygoteOrder([UInt8](repeating: 255, count: 4000)) == nil)
    }
}
