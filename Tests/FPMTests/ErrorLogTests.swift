// PHP: sapi/fpm/tests/log-*.phpt
import Bytes
import Kernel
import Testing

@testable import FPM

@Suite struct ErrorLogTests {
    /// What a log writes into its file.
    private func written(_ setUp: (ErrorLog) -> Void, _ body: (ErrorLog) -> Void) throws -> ByteString {
        let log = ErrorLog()
        let pipe = try Pipe()
        log.descriptor = pipe.writer.raw
        log.target = .file
        log.isStarted = true
        setUp(log)
        body(log)
        File.setNonBlocking(pipe.reader.raw, true)
        var bytes: [UInt8] = []
        _ = File.read(pipe.reader.raw, into: &bytes, count: 65536)
        return ByteString(bytes)
    }

    @Test func lines() throws {
        let text = try written({ _ in }) { log in
            log(.debug, "not shown")
            log(.notice, "fpm is running, pid \(7)")
            log(.warning, pool: "www", "seems busy")
            log(.error, "failed to open x", Errno.notFound)
        }
        let lines = text.split(on: 10).map { $0.from(23) }
        #expect(
            lines == [
                "NOTICE: fpm is running, pid 7", "WARNING: [pool www] seems busy",
                "ERROR: failed to open x: No such file or directory (2)", "",
            ])
        #expect(text.first == UInt8(ascii: "[") && text[3] == UInt8(ascii: "-") && text[21] == UInt8(ascii: "]"))
    }

    @Test func debugLinesNameTheirPlace() throws {
        let text = try written({ $0.level = .debug }) { $0(.debug, "hello", function: "run(one:)", line: 12) }
        #expect(text.from(30) == "DEBUG: pid \(Process.id), run(), line 12: hello\n")
        #expect(text[21] == UInt8(ascii: "."))
    }

    @Test(arguments: [
        (1_669_142_940_000_123, false, "[22-Nov-2022 18:49:00] "),
        (1_669_142_940_000_123, true, "[22-Nov-2022 18:49:00.000123] "),
    ]) func times(now: Int64, micro: Bool, expected: String) {
        // The day is the same in every zone from -18 to +5 hours; only the format is looked at.
        let text = ByteString(ErrorLog.time(now, showingMicroseconds: micro))
        #expect(text.count == expected.utf8.count)
        #expect(text.from(3).upTo(10) == "-Nov-2022 ")
        #expect(text.from(18) == ByteString(expected).from(18))
    }

    @Test func linesAreCutWhereTheyHaveAnErrorNumber() throws {
        let long = ByteString([UInt8](repeating: 97, count: 1500))
        let plain = try written({ _ in }) { $0(.error, long) }
        #expect(plain.count == 1500 + 31)
        let cut = try written({ _ in }) { $0(.error, long, Errno.notFound) }
        #expect(cut.count == 1024 && cut.hasSuffix("aaa...\n"))
        let longest = try written({ $0.limit = 8192 }) { $0(.error, long + long) }
        #expect(longest.count == 2048 && longest.hasSuffix("aaa...\n"))
    }

    @Test func messagesAreCutToTheLimit() throws {
        var heard: [ByteString] = []
        let text = ByteString("PHP message: ") + ByteString([UInt8](repeating: 97, count: 4000))
        let line = try written({
            $0.limit = 2048
            $0.isWorker = true
            $0.listener = { heard.append($1) }
        }) { $0.message(.notice, text) }
        #expect(line.count == 2048 && line.hasPrefix("NOTICE: PHP message: aaa") && line.hasSuffix("aaa...\n"))
        #expect(heard.map(\.count) == [2039])
        let quiet = try written({
            $0.level = .warning
            $0.isWorker = true
        }) { $0.message(.notice, "PHP message: hello") }
        #expect(quiet == "PHP message: hello\n")
    }

    @Test func workersAndSyslogHaveNoTime() {
        let log = ErrorLog()
        log.isWorker = true
        #expect(log.prefix(.notice) == Array("NOTICE: ".utf8))
        log.level = .debug
        #expect(log.prefix(.notice, function: "say()", line: 3) == Array("NOTICE: say(), line 3: ".utf8))
        log.target = .syslog
        log.level = .notice
        #expect(log.prefix(.error) == Array("[ERROR] ".utf8))
    }

    @Test func listenersHearWhatTheLogDrops() throws {
        var heard: [ByteString] = []
        let text = try written({
            $0.level = .alert
            $0.listener = { heard.append($1) }
        }) { $0(.notice, "quiet") }
        #expect(text.isEmpty && heard == ["quiet"])
    }
}
