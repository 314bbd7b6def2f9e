// Apache: server/util_expr_eval.c (the provider tables)
import Bytes

/// What the core's own names mean.
enum ExpressionNames {
    static let variables: [ByteString: Variable] = {
        var table: [ByteString: Variable] = [
            "TIME_YEAR": .time(.year), "TIME_MON": .time(.month), "TIME_DAY": .time(.day), "TIME_HOUR": .time(.hour),
            "TIME_MIN": .time(.minute), "TIME_SEC": .time(.second), "TIME_WDAY": .time(.weekday), "TIME": .time(.all),
            "LAST_MODIFIED": .lastModified, "API_VERSION": .apiVersion,
            "HTTP_USER_AGENT": .header("User-Agent"), "HTTP_PROXY_CONNECTION": .header("Proxy-Connection"),
            "HTTP_REFERER": .header("Referer"), "HTTP_COOKIE": .header("Cookie"),
            "HTTP_FORWARDED": .header("Forwarded"),
            "HTTP_HOST": .header("Host"), "HTTP_ACCEPT": .header("Accept"),
        ]
        for variable in ExpressionVariable.allCases { table[ByteString(variable.rawValue)] = .core(variable) }
        return table
    }()

    static let functions: [ByteString: StringFunction] = [
        "osenv": .osEnvironment, "env": .environment, "resp": .response, "req": .request, "http": .request,
        "note": .note,
        "reqenv": .requestEnvironment, "req_novary": .requestWithoutVary, "tolower": .toLower, "toupper": .toUpper,
        "escape": .escape, "unescape": .unescape, "file": .file, "filesize": .fileSize, "base64": .base64,
        "unbase64": .unbase64, "sha1": .sha1, "md5": .md5, "ldap": .ldap,
    ]

    /// `-x`; the letters are told apart by case.
    static func unary(_ name: ByteString) -> UnaryOperator? {
        switch name {
        case "n": .nonEmpty
        case "z": .empty
        case "T": .isTrue
        case "d": .file(.directory)
        case "e": .file(.exists)
        case "f": .file(.file)
        case "s": .file(.nonEmptyFile)
        case "L", "h": .file(.link)
        case "x": .file(.executable)
        case "F": .lookupFile
        case "U", "A": .lookupURI
        default: nil
        }
    }

    /// `-name` between two words, in any case; `-ipmatch` is not among them, its argument is part of it.
    static func binary(_ name: ByteString) -> BinaryOperator? {
        switch name.lowercased {
        case "fnmatch": .fileNameMatch
        case "strmatch": .stringMatch
        case "strcmatch": .stringMatchIgnoringCase
        default: nil
        }
    }

    /// Apache's module magic number, major part, of 2.4.
    static let apiVersion: ByteString = "20120211"
}
