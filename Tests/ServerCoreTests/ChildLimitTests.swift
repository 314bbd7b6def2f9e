import Bytes
import Kernel
import Testing

@testable import ServerCore

@Suite struct ChildLimitTests {
    struct Case: Sendable {
        var soft: ByteString
        var hard: ByteString?
        var isRoot = true
        var result: Process.Limit
        var isTooHigh = false
    }
    @Test(arguments: [
        Case(soft: "5", hard: nil, result: .init(soft: 5, hard: 100)),
        Case(soft: "5", hard: "7", result: .init(soft: 5, hard: 7)),
        Case(soft: "max", hard: nil, result: .init(soft: 100, hard: 100)),
        Case(soft: "MAX", hard: "max", result: .init(soft: 100, hard: 100)),
        Case(soft: "5", hard: "200", result: .init(soft: 5, hard: 200)),
        Case(soft: "5", hard: "200", isRoot: false, result: .init(soft: 5, hard: 100), isTooHigh: true),
        Case(soft: "word", hard: nil, result: .init(soft: 10, hard: 100)),
        Case(soft: "word", hard: nil, isRoot: false, result: .init(soft: 0, hard: 100)),
        Case(soft: "9s", hard: "-1", result: .init(soft: 9, hard: 100)),
    ])
    func words(_ row: Case) {
        let (limit, isTooHigh) = CoreChildLimits.merged(
            row.soft, row.hard, .init(soft: 10, hard: 100), isRoot: row.isRoot)
        #expect(limit == row.result)
        #expect(isTooHigh == row.isTooHigh)
    }
    @Test func eachLimitIsInheritedAlone() {
        var base = CoreDirectory()
        base.limitCPU = .set(.init(soft: 1, hard: 2))
        base.limitMemory = .set(.init(soft: 3, hard: 4))
        var child = CoreDirectory()
        child.limitMemory = .set(.init(soft: 5, hard: 6))
        let limits = CoreDirectory.merged(base, child).childLimits
        #expect(limits.map(\.name) == ["cpu", "as"])
        #expect(limits.map(\.value) == [.init(soft: 1, hard: 2), .init(soft: 5, hard: 6)])
    }
}
