// Apache: server/core.c, set_define, unset_define, ap_resolve_env.
import Bytes

/// What `Define` and `-D` made known.
public struct ConfigDefines: Sendable {
    /// Names for `<IfDefine>`, in the order of definition. The case of letters counts.
    public private(set) var names: [ByteString]
    /// Values for `${NAME}`, by lower-case name: Apache keeps them in a table that ignores case.
    private var values: [ByteString: ByteString] = [:]

    public init(_ names: [ByteString] = []) { self.names = names }

    public func contains(_ name: ByteString) -> Bool { names.contains(name) }
    public subscript(_ name: ByteString) -> ByteString? { values[name.lowercased] }

    public mutating func define(_ name: ByteString, _ value: ByteString? = nil) {
        if !contains(name) { names.append(name) }
        if let value { values[name.lowercased] = value }
    }
    /// One of several equal names given with `-D` goes at a time; the last name takes its place.
    public mutating func undefine(_ name: ByteString) {
        if let index = names.firstIndex(of: name) {
            let last = names.removeLast()
            if index < names.count { names[index] = last }
        }
        values[name.lowercased] = nil
    }
}

extension ConfigReader {
    /// Replaces `${NAME}`: by a defined value, else by the environment's, else not at all.
    /// Values are not looked at again.
    func expandVariables(_ line: inout [UInt8]) {
        guard var at = line.firstIndex(of: UInt8(ascii: "$")) else { return }
        var result = Array(line[..<at])
        while at < line.count {
            let isOpen =
                line[at] == UInt8(ascii: "$") && at + 1 < line.count && line[at + 1] == UInt8(ascii: "{")
            guard isOpen, let close = line[(at + 2)...].firstIndex(of: UInt8(ascii: "}")) else {
                result.append(line[at])
                at += 1
                continue
            }
            let name = ByteString(Array(line[(at + 2)..<close]))
            if let value = state.defines[name] ?? environment.environmentVariable(name) {
                result.append(value)
            } else {
                if !name.contains(UInt8(ascii: ":")) {
                    environment.log(ConfigWarning(111, "Config variable ${\(name)} is not defined"))
                }
                result.append(contentsOf: line[at...close])
            }
            at = close + 1
        }
        line = result
    }
}
