import Bytes
import Kernel
import Testing

@testable import FPM

@Suite(.serialized) struct SupervisorTests {
    static let one = "a listen @/a\na pm static\na max_children 1\n"

    @Test func startsServesAndEnds() throws {
        let double = try Double("a listen @/a\na pm static\na max_children 2\na clear_env no\na env $PATH\n")
        double.expect("NOTICE: pid \(double.pid), start(), line", times: 2)
        double.expect("ready to handle connections")
        #expect(try double.ask("title") == "php-fpm: pool a")
        #expect(try double.ask("env DOUBLE") == "/bin")
        #expect(
            try File.readWhole("/proc/\(double.pid)/cmdline", limit: 4096).starts(
                with: "php-fpm: master process (".utf8))
        try double.signal(Signal.terminate)
        #expect(double.end() == 0)
        #expect(double.log.contains("Terminating ...") && double.log.contains("exiting, bye-bye!"))
        #expect(!File.exists("\(double.directory)/a") && !File.exists("\(double.directory)/conf.control"))
    }
    @Test func workersHaveNothingOfOthers() throws {
        let double = try Double(Self.one + "b listen @/b\nb pm static\nb max_children 1\nb catch_workers_output yes\n")
        double.expect("ready to handle connections")
        let files = try double.ask("files").split(separator: " ")
        // The listener, and the connection of this question.
        #expect(files.count { $0.contains("socket:") } == 2)
        #expect(!files.contains { $0.contains("pipe:") || $0.contains("/log") })
    }
    @Test func outputIsLogged() throws {
        let double = try Double(Self.one + "a catch_workers_output yes\n")
        double.expect("ready to handle connections")
        _ = try double.ask("mutter half")
        _ = try double.ask("say whole")
        double.expect("into stdout: \"half\"")
        double.expect("into stderr: \"whole\"")
    }
    @Test(arguments: [
        ("exit 3", "WARNING", "exited with code 3 after "), ("exit 0", "NOTICE", "exited with code 0 after "),
        ("kill 9", "WARNING", "exited on signal 9 (SIGKILL) after "),
    ])
    func whoEndsIsReplaced(_ line: String, _ level: String, _ text: String) throws {
        let double = try Double(Self.one)
        double.expect("ready to handle connections")
        let pid = try double.ask("pid")
        _ = try double.ask(line)
        #expect(try double.ask("pid") != pid)
        double.expect("[pool a] child \(pid) \(text)")
        #expect(double.log.split(separator: "\n").contains { $0.contains(text) && $0.contains(level) })
        // A worker may answer before its birth is told.
        double.expect("NOTICE: pid \(double.pid), born(), line")
        #expect(double.count("NOTICE: pid \(double.pid), born(), line") == 1)
    }
    @Test func twoConnectionsGetTwoWorkers() throws {
        let double = try Double("a listen @/a\na pm ondemand\na max_children 5\n")
        double.expect("ready to handle connections")
        let start = MonotonicTime.milliseconds
        let first = try double.begin("sleep 400")
        let second = try double.begin("sleep 400")
        #expect(Double.answer(first) != Double.answer(second))
        #expect(MonotonicTime.milliseconds - start < 780)
    }
    @Test func idleWorkersOfOndemandGo() throws {
        let double = try Double("a listen @/a\na pm ondemand\na max_children 5\na process_idle_timeout 0\n")
        double.expect("ready to handle connections")
        _ = try double.ask("pid")
        double.expect("has been killed by the process management")
        #expect(double.count("NOTICE") == 2)
    }
    @Test func maxChildrenIsSaidOnce() throws {
        let double = try Double("a listen @/a\na pm ondemand\na max_children 1\n")
        double.expect("ready to handle connections")
        let first = try double.begin("sleep 1300")
        let second = try double.begin("pid")
        #expect(Double.answer(first) == Double.answer(second))
        #expect(double.count("server reached max_children setting (1), consider raising it") == 1)
    }
    @Test func whoWaitsTooLongIsRefused() throws {
        let double = try Double(Self.one + "a queue_timeout 300\n")
        double.expect("ready to handle connections")
        let busy = try double.begin("sleep 500")
        _ = Poll.readable([], milliseconds: 50)
        let start = MonotonicTime.milliseconds
        let late = try Socket.connect(.unix("\(double.directory)/a"))
        File.setNonBlocking(late.raw, false)
        try File.writeAll(late.raw, [1, 1, 0, 9, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
        #expect(Double.answer(late).contains("Status: 503 Service Unavailable"))
        let waited = MonotonicTime.milliseconds - start
        #expect(waited >= 290 && waited < 600)
        let patient = try double.begin("pid")
        #expect(Double.answer(busy) == Double.answer(patient))
        #expect(try double.command("status").contains("phpfpm_queue_timeouts{pool=\"a\"} 1"))
    }
    @Test func requestsThatTakeTooLongAreEnded() throws {
        let double = try Double(Self.one + "a request_terminate_timeout 1\n")
        double.expect("ready to handle connections")
        #expect(try double.ask("sleep 5000") == "")
        double.expect("execution timed out (1.")
        double.expect("exited on signal 15 (SIGTERM)")
    }
    @Test func processMax() throws {
        let double = try Double("global process_max 2\na listen @/a\na pm static\na max_children 5\n")
        double.expect("The maximum number of processes has been reached.")
        double.expect("born(), line", times: 2)
        #expect(double.count("born(), line") == 2)
    }
    @Test func finishingLetsRequestsEnd() throws {
        let double = try Double(Self.one)
        double.expect("ready to handle connections")
        let busy = try double.begin("sleep 300")
        _ = Poll.readable([], milliseconds: 50)
        try double.signal(Signal.quit)
        #expect(Double.answer(busy) != "")
        #expect(double.end() == 0)
        #expect(double.log.contains("Finishing ..."))
    }

    // MARK: Zygotes

    @Test func withoutItsLanguageNothingStarts() throws {
        let double = try Double(Self.one, failure: "there is no language")
        #expect(double.end() == 78)
        #expect(double.log.contains("could not start: there is no language"))
        #expect(double.log.contains("ERROR: pid \(double.pid), run(), line"))
    }
    @Test func aZygoteThatDiesIsReplaced() throws {
        let double = try Double(Self.one)
        double.expect("ready to handle connections")
        let worker = try double.ask("pid")
        let line = try #require(double.log.split(separator: "\n").first { $0.contains("zygote ") })
        let words = line.split(separator: " ")
        let place = try #require(words.firstIndex(of: "zygote"))
        try Process.kill(try #require(Int32(words[place + 1])), Signal.kill)
        double.expect("has ended")
        #expect(try double.ask("pid") == worker)
        _ = try double.ask("exit 1")
        #expect(try double.ask("pid") != worker)
    }

    // MARK: Reload

    @Test func aReloadLosesNothing() throws {
        let double = try Double(Self.one)
        double.expect("ready to handle connections")
        let busy = try double.begin("sleep 600")
        _ = Poll.readable([], milliseconds: 50)
        let waiting = try double.begin("pid")
        try double.signal(Signal.user2)
        double.expect("ready to handle connections", times: 2)
        let fresh = Double.answer(waiting)
        let old = Double.answer(busy)
        #expect(old != "" && fresh != "" && old != fresh)
        double.expect("reloading: execvp(")
        double.expect("using inherited socket fd=")
        double.expect("child \(old) exited with code 0")
        #expect(double.count("unknown child") == 0)
    }
    @Test func aReloadIsBoundedByTheControlTimeout() throws {
        let double = try Double("global process_control_timeout 1\n" + Self.one)
        double.expect("ready to handle connections")
        _ = try double.ask("stubborn")
        try double.signal(Signal.user2)
        double.expect("ready to handle connections", times: 2, seconds: 6)
        double.expect("exited on signal 15 (SIGTERM)")
    }
    @Test func aReloadWithoutTheLanguageKeepsTheFormerWorkers() throws {
        let double = try Double(Self.one)
        double.expect("ready to handle connections")
        let worker = try double.ask("pid")
        try File.writeWhole("\(double.directory)/failure", Array("gone".utf8))
        try double.signal(Signal.user2)
        double.expect("could not start: gone")
        #expect(try double.ask("pid") == worker)
        try File.unlink("\(double.directory)/failure")
        double.expect("born(), line", times: 2, seconds: 10)
        double.expect("child \(worker) exited with code 0")
        #expect(try double.ask("pid") != worker)
    }
    @Test func aBadConfigurationChangesNothing() throws {
        let double = try Double(Self.one)
        double.expect("ready to handle connections")
        let worker = try double.ask("pid")
        try double.configure("nonsense\n")
        try double.signal(Signal.user2)
        double.expect("nothing was reloaded")
        #expect(try double.ask("pid") == worker)
    }
    @Test func crashesLeadToAReload() throws {
        let double = try Double(
            "global emergency_restart_threshold 2\nglobal emergency_restart_interval 60\n" + Self.one)
        double.expect("ready to handle connections")
        _ = try double.ask("kill 11")
        _ = try double.ask("kill 7")
        double.expect("failed processes threshold (2 in 60 sec) is reached, initiating reload")
        double.expect("ready to handle connections", times: 2)
    }

    // MARK: Pools by name

    @Test func onePoolChangesAndOthersDoNotNotice() throws {
        let other = "b listen @/b\nb pm static\nb max_children 1\n"
        let double = try Double(Self.one + other)
        double.expect("ready to handle connections")
        let neighbour = try double.ask("pid", "b")
        let busy = try double.begin("sleep 300")
        _ = Poll.readable([], milliseconds: 50)
        try double.configure(Self.one + "a env changed\n" + other)
        #expect(try double.command("reload a") == "ok")
        #expect(try double.ask("env DOUBLE") == "changed")
        #expect(Double.answer(busy) != "")
        #expect(try double.command("stop a") == "ok")
        #expect(throws: Errno.self) { try double.ask("pid") }
        #expect(try double.command("stop a") == "error: pool a is not running")
        #expect(try double.command("start a") == "ok")
        #expect(try double.ask("env DOUBLE") == "changed")
        #expect(try double.command("reload c") == "error: there is no pool c")
        #expect(try double.command("what") != "ok")
        #expect(try double.ask("pid", "b") == neighbour)
        #expect(double.count("unknown child") == 0)
    }
}
