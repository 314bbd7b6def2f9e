import Bytes
import Testing

@testable import FPM

@Suite struct WorkerOutputTests {
    static let quiet = Array("[t] WARNING: ".utf8)

    static func make(decorated: Bool = true, limit: Int = 1024, buffering: Bool = true) -> WorkerOutput {
        var pool = PoolConfig(name: "www")
        pool.decorateWorkersOutput = decorated
        var global = GlobalConfig()
        global.logLimit = limit
        global.logBuffering = buffering
        return WorkerOutput(pool: pool, global: global, pid: 7, output: -1, error: -1)
    }
    static func run(_ output: consuming WorkerOutput, _ pieces: [(String, WorkerOutput.Stream)]) -> String {
        var out: [UInt8] = []
        for (text, stream) in pieces { output.said(Array(text.utf8), stream, decoration: quiet, to: &out) }
        output.close(decoration: quiet, to: &out)
        return String(decoding: out, as: UTF8.self)
    }
    static let head = "[t] WARNING: [pool www] child 7 said into stderr: "
    static let other = "[t] WARNING: [pool www] child 7 said into stdout: "

    @Test(arguments: [
        (["one\n"], "\(head)\"one\"\n"),
        (["one\n\ntwo\n"], "\(head)\"one\"\n\(head)\"two\"\n"),
        (["msg 1 - ", "msg 2 - ", "msg 3"], "\(head)\"msg 1 - msg 2 - msg 3\"\n"),
        (["a\0fscf\0b\n"], "\(head)\"a\"\n\(head)\"b\"\n"),
        (["a\0f", "scf", "\0b\n"], "\(head)\"a\"\n\(head)\"b\"\n"),
        (["a\0f", "sc", "x\n"], "\(head)\"a\0fscx\"\n"),
        (["a\0", "\0fscf\0", "b"], "\(head)\"a\0\"\n\(head)\"b\"\n"),
        (["a\0fsc"], "\(head)\"a\0fsc\"\n"),
        (["\0fscf\0\0fscf\0"], ""),
        (["", "\n"], ""),
    ])
    func linesEnd(_ pieces: [String], _ expected: String) {
        #expect(Self.run(Self.make(), pieces.map { ($0, .error) }) == expected)
    }
    @Test func markerInSingleBytes() {
        let bytes = Array("a\0fscf\0b".utf8).map { (String(decoding: [$0], as: UTF8.self), WorkerOutput.Stream.error) }
        #expect(Self.run(Self.make(), bytes) == "\(Self.head)\"a\"\n\(Self.head)\"b\"\n")
    }
    @Test func streamsEndEachOthersLines() {
        let all = Self.run(Self.make(), [("out", .output), ("err", .error), ("more\n", .error), ("x\n", .output)])
        #expect(all == "\(Self.other)\"out\"\n\(Self.head)\"errmore\"\n\(Self.other)\"x\"\n")
    }

    @Test(arguments: [false, true], [1, 100, 1023, 5000])
    func longLinesAreWrapped(_ buffering: Bool, _ read: Int) {
        let text = (0..<2600).map { String($0 % 10) }.joined()
        let pieces = stride(from: 0, to: text.count, by: read).map {
            (String(text.dropFirst($0).prefix(read)), WorkerOutput.Stream.error)
        }
        let lines = Self.run(Self.make(buffering: buffering), pieces + [("\n", .error)])
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.count == 4 && lines[3] == "")
        #expect(lines[0].utf8.count == 1023 && lines[1].utf8.count == 1023)
        let inner = lines.dropLast().map { String($0.dropFirst(Self.head.count + 1).dropLast()) }
        #expect(inner.joined() == text)
        #expect(lines.dropLast().allSatisfy { $0.hasPrefix(Self.head + "\"") && $0.hasSuffix("\"") })
    }
    @Test(arguments: [false, true], [1, 1023, 4000])
    func bareTextIsCutOnly(_ buffering: Bool, _ read: Int) {
        let text = String(repeating: "t", count: 2600)
        let pieces = stride(from: 0, to: text.count, by: read).map {
            (String(text.dropFirst($0).prefix(read)), WorkerOutput.Stream.error)
        }
        let all = Self.run(Self.make(decorated: false, buffering: buffering), pieces + [("\n", .error)])
        #expect(all.split(separator: "\n").map(\.count) == [1023, 1023, 554])
        #expect(all.hasSuffix("\n"))
    }
    /// The text that just fits, and one byte more.
    @Test(arguments: [(0, 1), (1, 2)])
    func edges(_ more: Int, _ lines: Int) {
        let room = 1024 - Self.head.utf8.count - 3
        let all = Self.run(Self.make(), [(String(repeating: "x", count: room + more) + "\n", .error)])
        #expect(all.split(separator: "\n").count == lines)
        #expect(all.split(separator: "\n")[0].utf8.count == 1023)
    }
    @Test func unbufferedTextComesAtOnce() {
        var output = Self.make(decorated: false, buffering: false)
        var out: [UInt8] = []
        output.said(Array("half".utf8), .error, decoration: Self.quiet, to: &out)
        #expect(out == Array("half".utf8))
    }
    @Test func firstTextWithTheEnd() {
        var output = Self.make()
        var out: [UInt8] = []
        output.said(Array("last words".utf8), .error, decoration: Self.quiet, to: &out)
        output.ended(.error, withFirstText: true, decoration: Self.quiet, to: &out)
        #expect(String(decoding: out, as: UTF8.self) == "\(Self.head)\"last words\", pipe is closed\n")
    }
}
