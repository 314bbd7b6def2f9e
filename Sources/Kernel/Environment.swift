// Apache: srclib/apr/misc/unix/env.c
import Bytes
import CLinux
import Glibc

/// The process environment. Change it only while the process has one thread.
public enum Environment {
    public static func get(_ name: ByteString) -> ByteString? {
        var value: ByteString?
        _ = unsafe name.withCPath { key -> Int32 in
            if let found = unsafe getenv(key) { value = unsafe ByteString(cString: found) }
            return 0
        }
        return value
    }
    public static func set(_ name: ByteString, _ value: ByteString) {
        _ = unsafe name.withCPath { key in unsafe value.withCPath { unsafe setenv(key, $0, 1) } }
    }
    public static func remove(_ name: ByteString) { _ = unsafe name.withCPath { unsafe unsetenv($0) } }
    /// All of it as NAME=value.
    public static var all: [ByteString] {
        var result: [ByteString] = []
        guard var next = unsafe clinux_environment() else { return result }
        while let entry = unsafe next.pointee {
            result.append(unsafe ByteString(cString: entry))
            unsafe next += 1
        }
        return result
    }
}
