import Bytes
import FastCGI
import Testing

@Suite struct FastCGITests {
    /// Feeds `bytes` in pieces of `size` and writes down what came out; ranges become text.
    static func events(_ bytes: [UInt8], size: Int, expectedID: UInt16? = nil) -> [String] {
        var decoder = RecordDecoder(expectedID: expectedID)
        var result: [String] = []
        var start = 0
        while start < bytes.count {
            let piece = Array(bytes[start..<min(start + size, bytes.count)])
            var position = 0
            loop: while true {
                func add(_ name: String, _ range: Range<Int>) {
                    let text = String(decoding: piece[range], as: UTF8.self)
                    if let last = result.last, last.hasPrefix(name + ":") {
                        result[result.count - 1] = last + text
                    } else {
                        result.append(name + ":" + text)
                    }
                }
                switch decoder.next(piece.span, &position) {
                case .needMore: break loop
                case .failed(let failure):
                    result.append("\(failure)")
                    return result
                case .stdout(let range): add("stdout", range)
                case .stderr(let range): add("stderr", range)
                case .stdin(let range): add("stdin", range)
                case .params(let range): add("params", range)
                case .data(let range): add("data", range)
                case .unknown(let type, let range): add("unknown \(type)", range)
                case let event: result.append("\(event)")
                }
            }
            #expect(position == piece.count)
            start += size
        }
        return result
    }

    static let conversation: [UInt8] = {
        var bytes: [UInt8] = []
        RecordEncoder.appendBeginRequest(id: 1, keepsConnection: true, to: &bytes)
        RecordEncoder.appendStdin(id: 1, Array("body".utf8).span, to: &bytes)
        RecordEncoder.appendEnd(of: .stdin, id: 1, to: &bytes)
        RecordEncoder.appendAbortRequest(id: 1, to: &bytes)
        RecordEncoder.appendStderr(id: 1, Array("oops".utf8).span, to: &bytes)
        RecordEncoder.appendStdout(id: 1, Array("Status: 200\r\n\r\nhello".utf8).span, to: &bytes)
        // A record with padding.
        RecordHeader(type: .stdout, requestID: 1, contentLength: 2, paddingLength: 6).append(to: &bytes)
        bytes += Array("!!".utf8) + [1, 2, 3, 4, 5, 6]
        RecordEncoder.appendUnknownType(77, to: &bytes)
        RecordEncoder.appendEnd(of: .stdout, id: 1, to: &bytes)
        RecordEncoder.appendEndRequest(id: 1, appStatus: 0x0102_0304, .requestComplete, to: &bytes)
        return bytes
    }()

    @Test(arguments: [1, 2, 3, 5, 7, 8, 9, 16, 1000]) func anySplit(_ size: Int) {
        let events = Self.events(Self.conversation, size: size, expectedID: 1)
        #expect(
            events == [
                "beginRequest(id: 1, role: 1, keepsConnection: true)", "stdin:body",
                "endOfStream(FastCGI.RecordType.stdin)", "abortRequest(id: 1)", "stderr:oops",
                "stdout:Status: 200\r\n\r\nhello!!", "unknown 11:M\0\0\0\0\0\0\0",
                "endOfStream(FastCGI.RecordType.stdout)",
                "endRequest(appStatus: 16909060, protocolStatus: 0)",
            ])
    }

    @Test func failures() {
        #expect(Self.events([9, 1, 0, 1, 0, 8, 0, 0], size: 3) == ["version(9)"])
        #expect(Self.events([1, 6, 0, 2, 0, 8, 0, 0], size: 8, expectedID: 1) == ["requestID(2)"])
        #expect(Self.events([1, 3, 0, 1, 0, 7, 0, 0], size: 8) == ["length(type: 3, 7)"])
    }

    @Test(arguments: [0, 1, 127, 128, 65_000, 65_535, 65_536, 200_000]) func longParams(_ length: Int) {
        let value = ByteString([UInt8](repeating: 65, count: length))
        var bytes: [UInt8] = []
        let variables: [(name: ByteString, value: ByteString)] = [("A", "b"), ("LONG", value), ("Z", "")]
        RecordEncoder.appendParams(id: 1, variables, to: &bytes)
        var decoder = RecordDecoder()
        var params = ParamsDecoder()
        var position = 0
        var isEnded = false
        loop: while true {
            switch decoder.next(bytes.span, &position) {
            case .params(let range):
                let isTaken = params.feed(bytes.span, range)
                #expect(isTaken)
            case .endOfStream(.params): isEnded = true
            default: break loop
            }
        }
        #expect(isEnded)
        let pairs = params.pairs()
        #expect(pairs?.map(\.name) == ["A", "LONG", "Z"])
        #expect(pairs?.map(\.value) == ["b", value, ""])
    }

    @Test func stdinIsSplit() {
        var bytes: [UInt8] = []
        RecordEncoder.appendStdin(id: 7, [UInt8](repeating: 1, count: 150_000).span, to: &bytes)
        #expect(bytes.count == 150_000 + 3 * RecordHeader.count)
        RecordEncoder.appendStdin(id: 7, [UInt8]().span, to: &bytes)
        #expect(bytes.count == 150_000 + 3 * RecordHeader.count)
    }

    @Test(arguments: [[5], [5, 1], [0x80, 0, 0], [1, 0x80, 0, 0, 1, 65], [0xFF, 0xFF, 0xFF, 0xFF, 1]] as [[UInt8]])
    func brokenParams(_ bytes: [UInt8]) {
        var decoder = ParamsDecoder()
        let isTaken = decoder.feed(bytes.span, 0..<bytes.count)
        #expect(isTaken)
        #expect(decoder.pairs() == nil)
        var small = ParamsDecoder(limit: 0)
        let isRefused = !small.feed(bytes.span, 0..<bytes.count)
        #expect(isRefused)
    }
}
