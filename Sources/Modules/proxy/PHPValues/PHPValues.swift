// PHP: sapi/apache2handler/apache_config.c (php_value and its kin); php-fpm takes them as PHP_VALUE and PHP_ADMIN_VALUE

import Bytes
import ServerCore

/// php_value, php_flag, php_admin_value, php_admin_flag for PHP behind FastCGI: what mod_php took from the configuration
/// goes to php-fpm with each request.
public enum PHPValues {
    public struct Entry: Sendable, Equatable {
        public var value: ByteString
        public var isAdmin: Bool
        public var isHtaccess = false
    }
    public struct DirectoryConfig: MergeableConfig {
        /// In the order they were said first.
        public private(set) var names: [ByteString] = []
        public private(set) var entries: [ByteString: Entry] = [:]
        public init() {}

        /// Within one section the last word counts.
        mutating func set(_ name: ByteString, _ entry: Entry) {
            if entries[name] == nil { names.append(name) }
            entries[name] = entry
        }
        public static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig {
            var result = base
            for name in child.names {
                guard let entry = child.entries[name] else { continue }
                // What the administrator fixed further out stays.
                if let known = base.entries[name], known.isAdmin, !entry.isAdmin { continue }
                result.set(name, entry)
            }
            return result
        }
    }
    public static let directory = ConfigKey<DirectoryConfig>()

    /// Rows for every module that can speak to PHP.
    public static let rows: [Directive] = [
        Directive(
            "php_value", .options, "PHP Value Modifier",
            .take2 { context, name, value throws(DirectiveError) in
                try set(context, name, text(value), isAdmin: false)
            }),
        Directive(
            "php_flag", .options, "PHP Flag Modifier",
            .take2 { context, name, value throws(DirectiveError) in
                try set(context, name, flag(value), isAdmin: false)
            }),
        Directive(
            "php_admin_value", [.directory, .server], "PHP Value Modifier (Admin)",
            .take2 { context, name, value throws(DirectiveError) in
                try set(context, name, text(value), isAdmin: true)
            }),
        Directive(
            "php_admin_flag", [.directory, .server], "PHP Flag Modifier (Admin)",
            .take2 { context, name, value throws(DirectiveError) in
                try set(context, name, flag(value), isAdmin: true)
            }),
    ]

    private static func set(
        _ context: DirectiveContext, _ name: ByteString, _ value: ByteString, isAdmin: Bool
    ) throws(DirectiveError) {
        let isName = name.allSatisfy {
            ASCII.isAlnum($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
        }
        guard isName, !name.isEmpty else {
            throw DirectiveError("\(context.directive): '\(name)' is no name of a PHP setting")
        }
        context[directory].set(name, Entry(value: value, isAdmin: isAdmin, isHtaccess: context.isHtaccess))
    }
    /// `none` empties a setting.
    private static func text(_ value: ByteString) -> ByteString { value.equalsIgnoringCase("none") ? "" : value }
    private static func flag(_ value: ByteString) -> ByteString {
        value.equalsIgnoringCase("on") || value == "1" ? "1" : "0"
    }

    /// Adds PHP_VALUE and PHP_ADMIN_VALUE to what the application is told; ours come after what `SetEnv` said.
    static func addVariables(_ request: Request) {
        let config = request[directory]
        guard !config.names.isEmpty else { return }
        var lines = ByteString()
        var adminLines = ByteString()
        for name in config.names {
            guard let entry = config.entries[name] else { continue }
            let line: ByteString = "\(name)=\(quoted(entry.value))\n"
            if entry.isAdmin { adminLines.append(line) } else { lines.append(line) }
        }
        add("PHP_VALUE", lines, request)
        add("PHP_ADMIN_VALUE", adminLines, request)
    }
    private static func add(_ name: StaticString, _ lines: ByteString, _ request: Request) {
        guard !lines.isEmpty else { return }
        guard let earlier = request.env[name], !earlier.isEmpty else {
            request.env.set(variable: name, lines)
            return
        }
        request.env.set(variable: name, "\(earlier)\n\(lines)")
    }
    /// A value as php's ini reader takes it literally: constants and `${…}` are not looked at, as mod_php never did.
    static func quoted(_ value: ByteString) -> ByteString {
        if !value.contains(where: { $0 == UInt8(ascii: "'") || $0 == 0 }) { return "'\(value)'" }
        var text = ByteString("\"")
        for byte in value.bytes where byte != 0 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "$") {
                text.append(UInt8(ascii: "\\"))
            }
            text.append(byte)
        }
        text.append("\"")
        return text
    }
}
