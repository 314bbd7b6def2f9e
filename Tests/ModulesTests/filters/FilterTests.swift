import Bytes
import ServerCore
import Testing

@testable import Modules

@Suite struct FilterTests {
    @Test(arguments: [
        ("a b", "a b"), ("a +b", "a b"), ("a @b", "b a"), ("a b -a", "b"), ("a b -A", "b"), ("a !", "-"),
        ("a ! b", "- b"), ("a =b", "- b"), ("a =b c", "- b c"),
    ])
    func chains(_ row: (words: String, chain: String)) {
        var config = Filter.DirectoryConfig()
        for word in row.words.split(separator: " ") { Filter.chain(ByteString(word), &config) }
        #expect(config.chain.map { $0?.string ?? "-" }.joined(separator: " ") == row.chain)
    }

    @Test(arguments: [
        ("a", "b", "a b"), ("a", "! b", "- b"), ("=a", "b", "- a b"), ("a b", "=c", "- c"), ("a", "", "a"),
    ])
    func merges(_ row: (base: String, child: String, chain: String)) {
        var (base, child) = (Filter.DirectoryConfig(), Filter.DirectoryConfig())
        for word in row.base.split(separator: " ") { Filter.chain(ByteString(word), &base) }
        for word in row.child.split(separator: " ") { Filter.chain(ByteString(word), &child) }
        let merged = Filter.DirectoryConfig.merged(base, child)
        #expect(merged.chain.map { $0?.string ?? "-" }.joined(separator: " ") == row.chain)
    }

    @Test func lastProviderFirst() {
        var config = Filter.DirectoryConfig()
        for name: ByteString in ["one", "two"] {
            Filter.add(Filter.Provider(filter: name, condition: .types(["x/y"])), to: "f", .contentSet, &config)
        }
        #expect(config.live["f"]?.providers.map(\.filter) == ["two", "one"])
        #expect(config.live["f"]?.stage == .contentSet)
    }

    @Test(arguments: [
        ("change=yes", 3), ("change=yes;change=no", 0), ("change=1:1, byteranges=no", 5), ("proxy=no", 8),
        ("proxy=transform cache=no", 48), ("nonsense", 0),
    ])
    func protocolFlags(_ row: (text: String, flags: UInt8)) {
        #expect(Filter.protocolFlags(ByteString(row.text)).rawValue == row.flags)
    }
}

@Suite struct ReqTimeoutTests {
    @Test(arguments: [
        ("20", 20, 0, 0), ("0", 0, 0, 0), ("20-40,MinRate=500", 20, 40, 500), ("10,minrate=1", 10, 0, 1),
    ])
    func stages(_ row: (text: String, timeout: Int, maximum: Int, rate: Int)) throws {
        let stage = try ReqTimeout.stage(ByteString(row.text))
        #expect(stage == ReqTimeout.Stage(timeout: row.timeout, maximum: row.maximum, minimumRate: row.rate))
    }
    @Test(arguments: [
        ("20-40", "Must set MinRate option if using timeout range"), ("x", "Value 'x' not numerical"),
        ("5x", "Cannot parse 'x'"), ("5,MinRate=0", "Minimum data rate must be larger than 0"),
        ("40-20,MinRate=5", "Maximum timeout must be larger than initial timeout"),
    ])
    func refusals(_ row: (text: String, message: String)) {
        #expect {
            try ReqTimeout.stage(ByteString(row.text))
        } throws: { ($0 as? DirectiveError)?.message == row.message }
    }
}
