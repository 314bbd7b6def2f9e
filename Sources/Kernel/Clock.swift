// Apache: srclib/apr/time/unix/time.c
import CLinux
import Glibc

/// Time since some fixed moment; it never goes back.
public enum MonotonicTime {
    public static var milliseconds: UInt64 { microseconds / 1000 }
    public static var microseconds: UInt64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) &* 1_000_000 &+ UInt64(now.tv_nsec / 1000)
    }
    /// Holds the whole thread: for commands that wait for another program, never for a server.
    public static func sleep(milliseconds: UInt32) { _ = usleep(min(milliseconds, 60_000) * 1000) }
}

/// Time of day.
public enum RealTime {
    /// Microseconds since the epoch, as `apr_time_now`.
    public static var now: Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) &* 1_000_000 &+ Int64(now.tv_nsec / 1000)
    }
}

/// Processor time in the kernel's ticks, as `times` gives it: a process and its children that were waited for.
public struct ProcessTicks: Sendable, Hashable {
    public var user: Int64
    public var system: Int64
    public var childUser: Int64
    public var childSystem: Int64
    public init(user: Int64 = 0, system: Int64 = 0, childUser: Int64 = 0, childSystem: Int64 = 0) {
        self.user = user
        self.system = system
        self.childUser = childUser
        self.childSystem = childSystem
    }
    /// Of this process, up to now.
    public static var now: ProcessTicks {
        var ticks: (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &ticks) {
            unsafe clinux_times($0.baseAddress?.assumingMemoryBound(to: Int64.self))
        }
        return ProcessTicks(user: ticks.0, system: ticks.1, childUser: ticks.2, childSystem: ticks.3)
    }
    public static let perSecond = Int64(max(1, clinux_ticks_per_second()))
}
