// Debian: /etc/apache2/envvars, a shell file
import Bytes
import Kernel

/// What shell files set.
enum ShellVariables {
    /// Runs a file in a shell with an empty environment and returns what it exported, one entry for each line.
    /// - Returns: The status of the shell, 0 when it could run the file, and the lines.
    static func exported(by file: ByteString) -> (status: Int32, lines: [ByteString]) {
        guard
            let result = try? Command.run(
                ["/bin/sh", "-c", ". \"$1\" && env", "sh", file], environment: [], capturing: true)
        else { return (127, []) }
        var lines = result.output.split(on: UInt8(ascii: "\n"))
        if lines.last?.isEmpty == true { lines.removeLast() }
        return (result.status, lines)
    }

    /// Runs a file in a shell with our environment and `before` as its variables, not exported.
    /// - Returns: What it exported, as NAME=value, and the values of `names`, exported or not.
    static func after(_ file: ByteString, before: [(ByteString, ByteString)], names: [ByteString]) -> (
        environment: [ByteString], values: [ByteString: ByteString]
    ) {
        var script: ByteString = ""
        var arguments: [ByteString] = ["/bin/sh", "-c", "", "sh", file]
        for (index, (name, value)) in before.enumerated() {
            script += "\(name)=\"$\(index + 2)\"; "
            arguments.append(value)
        }
        script += "if test -f \"$1\"; then . \"$1\" >&2; fi; env -0; "
        for name in names { script += "printf '=\(name)=%s\\0' \"$\(name)\"; " }
        arguments[2] = script
        var environment: [ByteString] = []
        var values: [ByteString: ByteString] = [:]
        let output = (try? Command.run(arguments, capturing: true).output) ?? ""
        for entry in output.split(on: 0) where !entry.isEmpty {
            if entry.first == equals, let end = entry.from(1).firstIndex(of: equals) {
                values[entry[1..<end + 1]] = entry.from(end + 2)
            } else if !["_", "PWD", "SHLVL", "OLDPWD"].contains(entry.split(on: equals)[0]) {
                environment.append(entry)
            }
        }
        return (environment, values)
    }
    private static let equals = UInt8(ascii: "=")
}
