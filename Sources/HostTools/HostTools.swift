// Debian: apache2's /usr/sbin/a2enmod, a2query, apache2ctl
import Bytes
import Kernel

/// The programs with which a host's administrator, and the maintainer scripts of Debian's packages, keep `/etc/apache2`.
/// One executable; what it does follows from the name it is called by.
public enum HostTools {
    /// Runs the tool that `arguments[0]` names, or `arguments[1]` when it is called by a name of its own.
    /// - Returns: The status to exit with; 2 when there is no such tool.
    public static func run(_ arguments: [ByteString]) -> Int32 {
        if let status = runNamed(arguments) { return status }
        if let status = runNamed(Array(arguments.dropFirst())) { return status }
        Console.error(
            "Usage: a2enmod|a2dismod|a2ensite|a2dissite|a2enconf|a2disconf|a2query|a2md|apache2ctl [arguments]\n")
        return 2
    }
    private static func runNamed(_ arguments: [ByteString]) -> Int32? {
        guard let path = arguments.first, let name = path.split(on: UInt8(ascii: "/")).last else { return nil }
        let rest = Array(arguments.dropFirst())
        if let call = SwitchCall(name: name) { return Switch.run(call, rest) }
        if name == "a2md" { return A2MD.run(rest) }
        if name == "a2query" { return Query.run(program: path, rest) }
        if name == "apachectl" || name == "apache2ctl" || name.hasPrefix("apache2ctl-") {
            return Control.run(program: path, name: name, rest)
        }
        return nil
    }
}
