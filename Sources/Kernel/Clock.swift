// Apache: srclib/apr/time/unix/time.c
import Glibc

/// Time since some fixed moment; it never goes back.
public enum MonotonicTime {
    public static var milliseconds: UInt64 { microseconds / 1000 }
    public static var microseconds: UInt64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) &* 1_000_000 &+ UInt64(now.tv_nsec / 1000)
    }
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
