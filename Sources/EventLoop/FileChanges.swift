// No Apache counterpart: Apache asks the file system for every request.
import Bytes
import Kernel

/// Watching directories, so that caches of files need not ask the file system.
extension EventLoop {
    /// Tells the delegate (`filesChanged`) when something in the directory changes. The number of the watch, or nil where
    /// it cannot be watched (no such directory, or the system's limit): then ask the file system each time.
    /// - Parameter mask: Added to that of an earlier call for the same directory.
    public func watchDirectory(path: ByteString, mask: Inotify.Mask = .contents) -> Int32? {
        assertOnThread()
        if inotify == nil {
            guard let made = try? Inotify() else { return nil }
            guard (try? epoll.add(made.descriptor.raw, Epoll.Mask.readable, data: Self.inotifyData)) != nil else {
                return nil
            }
            inotify = consume made
        }
        return try? inotify?.watch(path, mask: mask)
    }
    public func unwatch(_ watch: Int32) { inotify?.remove(watch) }
    /// Calls `body`, which must not watch anything, for each change that waits; `mask` has `Inotify.Mask` bits, `name` is empty for the directory itself.
    /// With `Inotify.Mask.overflow` everything that is watched may have changed.
    public func drainFileChanges(_ body: (_ watch: Int32, _ mask: Inotify.Mask, _ name: ByteString) -> Void) {
        inotify?.drain(body)
    }
}
