// Apache: server/util_pcre.c, include/ap_regex.h
import Bytes
import CPCRE2
import Glibc

/// How a pattern is compiled. Raw values are those of `AP_REG_*`.
public struct RegexOptions: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Letters match in both cases (`AP_REG_ICASE`).
    public static let ignoreCase = RegexOptions(rawValue: 0x01)
    /// `^` and `$` match at line ends too (`AP_REG_NEWLINE`).
    public static let newline = RegexOptions(rawValue: 0x02)
    /// `.` matches a newline (`AP_REG_DOTALL`).
    public static let dotAll = RegexOptions(rawValue: 0x40)
    /// `$` matches only at the very end, not before a last newline (`AP_REG_DOLLAR_ENDONLY`).
    public static let dollarEndOnly = RegexOptions(rawValue: 0x200)

    /// What every pattern gets when `RegexDefaultOptions` says nothing.
    public static let standard: RegexOptions = [.dotAll, .dollarEndOnly]

    /// The option that `RegexDefaultOptions` calls `name`, in any case. `EXTENDED` is unknown to Apache.
    public static func named(_ name: ByteString) -> RegexOptions? {
        if name.equalsIgnoringCase("ICASE") { return .ignoreCase }
        if name.equalsIgnoringCase("DOTALL") { return .dotAll }
        if name.equalsIgnoringCase("DOLLAR_ENDONLY") { return .dollarEndOnly }
        return nil
    }
}

/// Why a pattern was refused.
public struct RegexError: Error, Sendable, Equatable {
    /// Where in the pattern, in bytes.
    public let offset: Int
    /// PCRE2's sentence. Apache's directives do not show it; they have sentences of their own,
    /// such as "Regex could not be compiled" or "RewriteRule: cannot compile regular expression '…'".
    public let message: String
}

/// The ranges a match gave to `$0`…`$9`: no storage outside the value.
public struct RegexCaptures: Sendable {
    /// `AP_MAX_REG_MATCH`.
    public static let maximum = 10
    private var starts = InlineArray<10, Int32>(repeating: -1)
    private var ends = InlineArray<10, Int32>(repeating: -1)

    public init() {}

    /// The bytes of the subject that group `number` matched; nil when it took no part or is beyond 9.
    public subscript(number: Int) -> Range<Int>? {
        get {
            guard number >= 0, number < Self.maximum, starts[number] >= 0, ends[number] >= starts[number] else {
                return nil
            }
            return Int(starts[number])..<Int(ends[number])
        }
        set {
            guard number >= 0, number < Self.maximum else { return }
            starts[number] = Int32(clamping: newValue?.lowerBound ?? -1)
            ends[number] = Int32(clamping: newValue?.upperBound ?? -1)
        }
    }
}

/// A compiled pattern: PCRE2 with JIT, Apache's default options. Immutable, so any thread may match with it.
///
/// A match allocates nothing: each thread keeps one block of match data. A pattern that exceeds PCRE2's match
/// limits did not match (as in Apache, where a negated test of such a pattern is therefore true).
@safe public final class Regex: @unchecked Sendable {
    private let code: OpaquePointer
    /// Number of capturing groups, without the whole match (`re_nsub`).
    public let numberOfGroups: Int
    /// The source of the pattern.
    public let pattern: ByteString

    /// Compiles `pattern` up to its first NUL byte. `defaults` are the server's `RegexDefaultOptions`;
    /// give `[]` for `AP_REG_NO_DEFAULT`.
    public init(
        _ pattern: ByteString, _ options: RegexOptions = [], defaults: RegexOptions = .standard
    ) throws(RegexError) {
        let all = options.union(defaults)
        var flags = PCRE2_DUPNAMES
        if all.contains(.ignoreCase) { flags |= PCRE2_CASELESS }
        if all.contains(.newline) { flags |= PCRE2_MULTILINE }
        if all.contains(.dotAll) { flags |= PCRE2_DOTALL }
        if all.contains(.dollarEndOnly) { flags |= UInt32(PCRE2_DOLLAR_ENDONLY) }
        let source = pattern.bytes.prefix { $0 != 0 }
        var failure: Int32 = 0
        var offset = 0
        let compiled = unsafe source.withUnsafeBufferPointer { text in
            let empty: [UInt8] = [0]
            return unsafe empty.withUnsafeBufferPointer { nothing in
                unsafe pcre2_compile_8(
                    text.baseAddress ?? nothing.baseAddress, text.count, flags, &failure, &offset, nil)
            }
        }
        guard let code = unsafe compiled else {
            throw RegexError(offset: offset, message: Self.message(failure))
        }
        // Where the system forbids writable code, the pattern is interpreted.
        _ = unsafe pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
        var groups: UInt32 = 0
        _ = unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &groups)
        unsafe self.code = code
        numberOfGroups = Int(groups)
        self.pattern = ByteString(source)
    }

    deinit { unsafe pcre2_code_free_8(code) }

    private static func message(_ code: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe pcre2_get_error_message_8(code, $0.baseAddress, $0.count)
        }
        return length > 0 ? String(decoding: buffer.prefix(Int(length)), as: UTF8.self) : "error \(code)"
    }

    // MARK: Matching

    /// True when the pattern matches somewhere in `subject[start...]`. `^` matches at `start`.
    public func matches(_ subject: ByteString, from start: Int = 0) -> Bool {
        unsafe withMatch(subject, start) { _, _ in true } ?? false
    }

    /// The first match in `subject[start...]`: its range and those of the first nine groups, counted from the
    /// beginning of `subject`. `^` matches at `start`, and nothing before it can be seen.
    public func match(_ subject: ByteString, from start: Int = 0) -> RegexCaptures? {
        unsafe withMatch(subject, start) { vector, count in
            var captures = RegexCaptures()
            for number in 0..<min(count, RegexCaptures.maximum) {
                captures[number] = unsafe Self.range(vector, number, start)
            }
            return captures
        }
    }

    /// As `match`, with all groups: element n is group n, 0 the whole match. False, and `groups` empty, without a match.
    public func match(_ subject: ByteString, from start: Int = 0, groups: inout [Range<Int>?]) -> Bool {
        groups.removeAll(keepingCapacity: true)
        let found = unsafe withMatch(subject, start) { vector, count in
            (0..<count).map { unsafe Self.range(vector, $0, start) }
        }
        if let found { groups.append(contentsOf: found) }
        return found != nil
    }

    private static func range(_ vector: UnsafePointer<Int>, _ number: Int, _ start: Int) -> Range<Int>? {
        let low = unsafe vector[number * 2]
        let high = unsafe vector[number * 2 + 1]
        // \K in a lookahead can put the start behind the end; Apache's users test start < end.
        return low >= 0 && high >= low ? low + start..<high + start : nil
    }

    /// Runs the pattern; `body` gets PCRE2's offsets and how many pairs of them are set.
    private func withMatch<Result>(
        _ subject: ByteString, _ start: Int, _ body: (UnsafePointer<Int>, Int) -> Result
    ) -> Result? {
        guard start >= 0, start <= subject.count, let data = unsafe MatchData.current(groups: numberOfGroups + 1)
        else { return nil }
        let count = unsafe subject.bytes.withUnsafeBufferPointer { bytes in
            let empty: UInt8 = 0
            return unsafe withUnsafePointer(to: empty) { nothing in
                let text = unsafe bytes.baseAddress.map { unsafe $0 + start } ?? nothing
                let length = bytes.count - start
                var code = unsafe pcre2_match_8(self.code, text, length, 0, 0, data, nil)
                if code == PCRE2_ERROR_JIT_STACKLIMIT {
                    // The interpreter's stack is the heap; it succeeds where Apache's would.
                    code = unsafe pcre2_match_8(self.code, text, length, 0, UInt32(PCRE2_NO_JIT), data, nil)
                }
                return code
            }
        }
        guard count > 0, let vector = unsafe pcre2_get_ovector_pointer_8(data) else { return nil }
        return unsafe body(vector, Int(count))
    }

    // MARK: Names

    /// Named groups in PCRE2's order. Numbers above 1024 are left out, as Apache refuses them.
    public var groupNames: [(name: ByteString, number: Int)] {
        var count: UInt32 = 0
        var size: UInt32 = 0
        var table: UnsafePointer<UInt8>?
        _ = unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &count)
        _ = unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMEENTRYSIZE), &size)
        _ = unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table)
        guard let table = unsafe table, size > 2 else { return [] }
        var names: [(name: ByteString, number: Int)] = []
        for index in 0..<Int(count) {
            let entry = unsafe UnsafeBufferPointer(start: table + index * Int(size), count: Int(size))
            let number = unsafe Int(entry[0]) << 8 | Int(entry[1])
            if number <= 1024 { unsafe names.append((ByteString(entry.dropFirst(2).prefix { $0 != 0 }), number)) }
        }
        return names
    }
}

/// PCRE2's match data of a thread, grown to the largest pattern it has met and freed with the thread.
private enum MatchData {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        unsafe pthread_key_create(&key) { unsafe pcre2_match_data_free_8(OpaquePointer($0)) }
        return key
    }()

    static func current(groups: Int) -> OpaquePointer? {
        if let data = unsafe pthread_getspecific(key) {
            let existing = OpaquePointer(data)
            if unsafe Int(pcre2_get_ovector_count_8(existing)) >= groups { return unsafe existing }
            unsafe pcre2_match_data_free_8(existing)
            pthread_setspecific(key, nil)
        }
        guard let fresh = unsafe pcre2_match_data_create_8(UInt32(max(groups, 16)), nil) else { return nil }
        unsafe pthread_setspecific(key, UnsafeRawPointer(fresh))
        return unsafe fresh
    }
}
