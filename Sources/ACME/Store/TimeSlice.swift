// Apache: modules/md/md_time.c

/// A length of time in milliseconds as directives and the store write it: `10d`, `5h`, `30mi`, `7s`, `100ms`.
public enum Duration {
    /// Fits into 64 bits of milliseconds many times over.
    private static let largest: Int64 = 1 << 40

    /// - Parameter unit: What a bare number counts.
    public static func parse(_ text: String, unit: Character = "d") -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "-" || $0 == "+" }
        guard let number = Int64(digits), number.magnitude <= UInt64(largest) else { return nil }
        let rest = text.dropFirst(digits.count).lowercased()
        let name = rest.isEmpty ? String(unit) : rest
        if name.hasPrefix("d") { return number * 86_400_000 }
        if name.hasPrefix("h") { return number * 3_600_000 }
        if name.hasPrefix("s") { return number * 1000 }
        if name.hasPrefix("mi") { return number * 60_000 }
        if name.hasPrefix("ms") { return number }
        return nil
    }
    public static func format(_ milliseconds: Int64) -> String {
        for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("mi", 60_000), ("s", 1000)] as [(String, Int64)]
        where milliseconds % length == 0 {
            return "\(milliseconds / length)\(unit)"
        }
        return "\(milliseconds)ms"
    }
    /// For people: `2 days 3 hours`; with `roughly` only the largest unit.
    public static func describe(_ milliseconds: Int64, roughly: Bool = false) -> String {
        var rest = milliseconds / 1000
        guard rest > 0 else { return (roughly ? "~" : "") + (milliseconds == 0 ? "0 seconds" : "\(milliseconds) ms") }
        var parts: [String] = []
        for (name, length) in [("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1)] as [(String, Int64)]
        where rest >= length {
            parts.append("\(rest / length) \(name)")
            rest %= length
        }
        return roughly ? "~\(parts[0])" : parts.joined(separator: " ")
    }
}

/// A part of a certificate's life, before its end: a length, or a percentage.
public struct TimeSlice: Sendable, Hashable {
    /// Milliseconds that percentages are of, 0 for a plain length.
    public var norm: Int64
    /// Milliseconds.
    public var length: Int64

    /// MD_TIME_LIFE_NORM: 100 days.
    public static let life: Int64 = 100 * 86_400_000
    /// MD_TIME_OCSP_KEEP_NORM
    public static let week: Int64 = 7 * 86_400_000
    /// MD_TIME_RENEW_WINDOW_DEF
    public static let renewal = TimeSlice(norm: life, length: 33 * 86_400_000)
    /// def_ocsp_keep_window
    public static let keeping = TimeSlice(norm: 0, length: week)
    /// MD_TIME_WARN_WINDOW_DEF
    public static let warning = TimeSlice(norm: life, length: 10 * 86_400_000)

    public init(norm: Int64, length: Int64) {
        self.norm = norm
        self.length = length
    }
    public struct FormatError: Error, Sendable { public let text: String }

    public init(_ text: String, norm: Int64 = TimeSlice.life) throws(FormatError) {
        if let length = Duration.parse(text) {
            self.init(norm: 0, length: length)
        } else if text.hasSuffix("%"), let percent = Int64(text.dropLast()), percent.magnitude < 1_000_000 {
            guard percent >= 0 else { throw FormatError(text: "percent must be less than 100") }
            self.init(norm: norm, length: norm / 1000 * percent / 100 * 1000)
        } else {
            throw FormatError(text: "has unrecognized format")
        }
    }
    private var percent: Int64 { length / 1000 * 100 / max(1, norm / 1000) }

    public var text: String { norm > 0 ? "\(percent)%" : Duration.format(length) }

    /// When it begins, in seconds since the epoch like what is given.
    public func start(from begin: Int64, to end: Int64) -> Int64 {
        guard norm > 0 else { return end - length / 1000 }
        return end - (end - begin) * percent / 100
    }
}
