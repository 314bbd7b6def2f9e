// PHP: sapi/fpm/tests/tester.inc
import Bytes
import Kernel
import Testing

/// A folder of scripts and the program that runs them.
struct Scripts {
    let folder: ByteString

    init(_ name: String) throws {
        folder = ByteString("/tmp/martinet-php-\(Process.id)-\(name)")
        try? Directory.make(folder)
    }

    @discardableResult func add(_ name: String, _ text: String) throws -> ByteString {
        let path: ByteString = "\(folder)/\(name)"
        try File.writeWhole(path, Array(text.utf8))
        return path
    }

    /// Variables of a request for `name`, after `--`.
    func request(_ name: String, method: String = "GET", _ more: [String] = []) -> [String] {
        [
            "--", "SCRIPT_FILENAME=\(folder)/\(name)", "SCRIPT_NAME=/\(name)", "REQUEST_METHOD=\(method)",
            "DOCUMENT_ROOT=\(folder)",
        ]
            + more
    }

    func remove() {
        for entry in (try? Directory.entries(folder)) ?? [] { try? File.unlink("\(folder)/\(entry.name)") }
        try? Directory.remove(folder)
    }
}

enum Driver {
    /// Why the tests cannot run here; nil: they can.
    static let missing: String? = {
        if !File.exists("/usr/lib/libphp8.2.so") { return "the Debian package libphp8.2-embed is not installed" }
        if let printed = try? run(["--nothing"]), printed.contains("belongs to another version of this program") {
            return "the shim is an older one: make shim"
        }
        return nil
    }()
    static var isThere: Bool { missing == nil }

    private static let program: ByteString = {
        let tests = (try? File.readLink("/proc/self/exe")) ?? ""
        let arguments = (try? File.readWhole("/proc/self/cmdline", limit: 1 << 16)) ?? []
        let places = [tests] + arguments.split(separator: 0).map { ByteString(Array($0)) }
        for place in places {
            let folder = place[0..<(place.bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0)]
            for candidate in ["\(folder)/php-engine-driver", "\(folder)/../php-engine-driver"] as [ByteString]
            where File.exists(candidate) { return candidate }
        }
        return "php-engine-driver"
    }()

    /// Runs the driver and returns what it printed.
    static func run(_ arguments: [String], environment: [ByteString] = []) throws -> String {
        let path: ByteString = "/tmp/martinet-php-\(Process.id)-\(UInt64.random(in: 0...UInt64.max))"
        let file = try File.open(path, [.writeOnly, .create, .truncate])
        defer { try? File.unlink(path) }
        let pid = try Process.spawn(
            program, arguments: [program] + arguments.map { ByteString($0) },
            environment: ["PATH=/usr/bin:/bin"] + environment,
            directory: nil, output: file.raw, error: file.raw)
        _ = Process.reap(pid, wait: true)
        return ByteString(try File.readWhole(path, limit: 1 << 24)).string
    }
}
