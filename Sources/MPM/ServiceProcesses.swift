// Apache: modules/core/mod_watchdog.c

import Bytes
import EventLoop
import Kernel
import ServerCore

/// The processes beside the children that modules asked for, as the parent sees them.
final class ServiceProcesses {
    private struct Running {
        let service: ServiceProcess
        let configuration: Configuration
        let pid: Int32
        let reader: Int32
        let started: UInt64
    }
    private var running: [Running] = []
    /// Services that ended, with when to start them again (monotonic milliseconds).
    private var waiting: [(service: ServiceProcess, configuration: Configuration, at: UInt64)] = []

    /// What the parent waits for beside its signals.
    var descriptors: [Int32] { running.map(\.reader) }

    func start(_ configuration: Configuration) {
        for service in configuration.services { start(service, configuration) }
    }
    private func start(_ service: ServiceProcess, _ configuration: Configuration) {
        let parent = Process.id
        do throws(Errno) {
            let (reader, writer) = try Pipe().split()
            switch try Process.fork() {
            case .child:
                File.close(reader)
                // docs/decisions/0002: locks do not hold on the main thread of a forked process.
                do throws(Errno) {
                    try ForkedThread.run { Self.live(service, configuration, report: writer, parent: parent) }
                } catch { Process.exitNow(1) }
            case .parent(let pid):
                File.close(writer)
                File.setNonBlocking(reader, true)
                running.append(
                    Running(
                        service: service, configuration: configuration, pid: pid, reader: reader,
                        started: MonotonicTime.milliseconds))
            }
        } catch {
            configuration.mainServer.log(
                .error, "core", "(\(error.rawValue))\(error): cannot start the process for \(service.name)")
            waiting.append((service, configuration, MonotonicTime.milliseconds + 10_000))
        }
    }
    private static func live(_ service: ServiceProcess, _ configuration: Configuration, report: Int32, parent: Int32)
        -> Never
    {
        for signal in [Signal.hangUp, Signal.user1, Signal.windowChange] { try? Signal.ignore(signal) }
        for signal in [Signal.terminate, Signal.interrupt, Signal.child] { try? Signal.restoreDefault(signal) }
        try? Signal.unblock([
            Signal.terminate, Signal.interrupt, Signal.hangUp, Signal.user1, Signal.windowChange, Signal.child,
        ])
        if Environment.get("SWIFT_BACKTRACE") == nil {
            for signal in Signal.crashes { try? Signal.restoreDefault(signal) }
        }
        configuration.logs.closeReaders()
        do throws(Privileges.Failure) {
            try Privileges.drop(configuration.process)
        } catch {
            configuration.mainServer.log(.alert, "unixd", ByteString(error.text))
            Process.exitNow(1)
        }
        try? Process.setParentDeathSignal(Signal.terminate)
        if Process.parent != parent { Process.exitNow(0) }
        service.run(configuration, report)
        Process.exitNow(0)
    }

    /// Reads reports, and starts again what died some time ago.
    func look() {
        for entry in running { read(entry) }
        let now = MonotonicTime.milliseconds
        let due = waiting.filter { $0.at <= now }
        waiting.removeAll { $0.at <= now }
        for entry in due { start(entry.service, entry.configuration) }
    }
    private func read(_ entry: Running) {
        var bytes: [UInt8] = []
        while case .bytes(let count) = File.read(entry.reader, into: &bytes, count: 4096), count > 0 {}
        if !bytes.isEmpty { entry.service.notice(entry.configuration, bytes) }
    }
    /// - Returns: Whether that process was one of these.
    func ended(_ exit: Process.Exit) -> Bool {
        guard let index = running.firstIndex(where: { $0.pid == exit.pid }) else { return false }
        let entry = running.remove(at: index)
        read(entry)
        File.close(entry.reader)
        // Who is done wants to begin again with what the parent knows by now.
        if exit.code == 0 {
            start(entry.service, entry.configuration)
            return true
        }
        // One that dies young is not tried again at once.
        let isYoung = MonotonicTime.milliseconds - entry.started < 5000
        if let signal = exit.signal, signal != Signal.terminate {
            entry.configuration.mainServer.log(
                .error, "core", "the process for \(entry.service.name) (\(exit.pid)) was ended by signal \(signal)")
        }
        waiting.append((entry.service, entry.configuration, MonotonicTime.milliseconds + (isYoung ? 10_000 : 1000)))
        return true
    }
    /// Ends all of them; they are collected like any other process.
    func stop() {
        waiting = []
        for entry in running {
            try? Process.kill(entry.pid, Signal.terminate)
            File.close(entry.reader)
        }
        let end = MonotonicTime.milliseconds + 2000
        for entry in running {
            while Process.reap(entry.pid) == nil {
                if MonotonicTime.milliseconds > end {
                    try? Process.kill(entry.pid, Signal.kill)
                    _ = Process.reap(entry.pid, wait: true)
                    break
                }
                _ = Poll.readable([], milliseconds: 10)
            }
        }
        running = []
    }
}
