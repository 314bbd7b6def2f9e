// PHP: ext/standard/dl.c, php_load_shlib
import Bytes
import Glibc

/// A shared object that stays loaded until ``unload()``, or until the process ends.
@safe
public struct DynamicLibrary: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer

    /// Why an object could not be loaded, in the loader's words.
    public struct Failure: Error, Sendable { public let message: String }

    /// Loads `path` with all its symbols bound. `isGlobal`: objects loaded later may use its symbols.
    public init(_ path: ByteString, isGlobal: Bool) throws(Failure) {
        let flags = RTLD_NOW | (isGlobal ? RTLD_GLOBAL : RTLD_LOCAL)
        let text = path.bytes + [0]
        let found = unsafe text.withUnsafeBytes { bytes in
            unsafe dlopen(bytes.bindMemory(to: CChar.self).baseAddress, flags)
        }
        guard let handle = unsafe found else {
            let why = unsafe dlerror().map { unsafe String(cString: $0) }
            throw Failure(message: why ?? "\(path) cannot be loaded")
        }
        unsafe self.handle = handle
    }

    /// Nothing of the object may be used any more.
    public func unload() { unsafe dlclose(handle) }

    /// Where `name` is, in this object or one it needs.
    @unsafe public func symbol(_ name: String) -> UnsafeMutableRawPointer? { unsafe dlsym(handle, name) }
}
