// PHP: sapi/embed/php_embed.c; Apache: modules/core/mod_so.c
import Bytes
import Kernel

/// Libphp with our shim, in this process.
@safe
public struct LoadedLibrary {
    private let library: DynamicLibrary
    private let shim: DynamicLibrary
    private let installation: Installation

    public init(_ installation: Installation) throws(LibraryFailure) {
        self.installation = installation
        do throws(DynamicLibrary.Failure) {
            library = try DynamicLibrary(installation.library, isGlobal: true)
        } catch { throw LibraryFailure(error.message) }
        guard unsafe library.symbol("executor_globals") != nil else {
            throw LibraryFailure(
                "\(installation.library) is a thread-safe (ZTS) PHP, which cannot run one process for each request; "
                    + "install Debian's libphp\(installation.version)-embed")
        }
        do throws(DynamicLibrary.Failure) {
            shim = try DynamicLibrary(installation.shim, isGlobal: false)
        } catch { throw LibraryFailure(error.message) }
    }

    /// The function by which a shim gives its table.
    @unsafe public func entry(_ name: String) throws(LibraryFailure) -> UnsafeMutableRawPointer {
        guard let entry = unsafe shim.symbol(name) else {
            throw LibraryFailure("\(installation.shim) is not a PHP shim: it has no \(name)")
        }
        return unsafe entry
    }
    /// The shim was built from other headers than this program.
    public var strangerFailure: LibraryFailure {
        LibraryFailure("\(installation.shim) belongs to another version of this program; build both together")
    }
    /// Takes both out of the process, after PHP was stopped. Nothing of them may be used any more.
    public func unload() {
        shim.unload()
        library.unload()
    }
}
