// Apache: modules/http/http_protocol.c (ap_method_number_of, the method registry)
import Bytes

/// Request methods Apache registers at start. A name is case-sensitive (RFC 9110, section 9.1).
public enum Method: UInt8, Sendable, Hashable, CaseIterable {
    case get, head, put, post, delete, connect, options, trace, patch
    case propfind, proppatch, mkcol, copy, move, lock, unlock
    case versionControl, checkout, uncheckout, checkin, update, label, report
    case mkworkspace, mkactivity, baselineControl, merge
    /// A method that is not registered: Apache's `M_INVALID`.
    case other

    /// Apache's `M_*`: the bit of this method in a `<Limit>` mask. HEAD counts as GET.
    @inlinable public var number: Int {
        switch self {
        case .get, .head: 0
        default: Int(rawValue) - 1
        }
    }
    /// GET or HEAD: `r->method_number == M_GET`.
    @inlinable public var isGet: Bool { self == .get || self == .head }

    /// The name; empty for `.other`.
    public var text: StaticString { Self.texts[Int(rawValue)] }

    /// The method with exactly this name, or `.other`.
    public init(_ name: borrowing Span<UInt8>, _ range: Range<Int>) {
        let start = range.lowerBound
        switch range.count {
        case 3:
            if name.equals("GET", in: range) { self = .get; return }
            if name.equals("PUT", in: range) { self = .put; return }
        case 4:
            if name.equals("POST", in: range) { self = .post; return }
            if name.equals("HEAD", in: range) { self = .head; return }
        default: break
        }
        for method in Self.allCases where method != .other {
            let text = method.text
            if text.utf8CodeUnitCount == range.count, name.equals(text, in: start..<range.upperBound) {
                self = method
                return
            }
        }
        self = .other
    }
    public init(_ name: ByteString) { self.init(name.bytes.span, 0..<name.count) }

    private static let texts: [StaticString] = [
        "GET", "HEAD", "PUT", "POST", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
        "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK",
        "VERSION-CONTROL", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL", "REPORT",
        "MKWORKSPACE", "MKACTIVITY", "BASELINE-CONTROL", "MERGE", "",
    ]
}

/// A protocol version as Apache's `proto_num`: 1000 × major + minor.
public struct HTTPVersion: Sendable, Hashable, Comparable {
    public var number: UInt16
    @inlinable public init(major: UInt8, minor: UInt8) { number = UInt16(major) * 1000 + UInt16(minor) }

    @inlinable public static var http09: HTTPVersion { HTTPVersion(major: 0, minor: 9) }
    @inlinable public static var http10: HTTPVersion { HTTPVersion(major: 1, minor: 0) }
    @inlinable public static var http11: HTTPVersion { HTTPVersion(major: 1, minor: 1) }
    @inlinable public static var http20: HTTPVersion { HTTPVersion(major: 2, minor: 0) }

    @inlinable public var major: Int { Int(number / 1000) }
    @inlinable public var minor: Int { Int(number % 1000) }
    @inlinable public static func < (left: HTTPVersion, right: HTTPVersion) -> Bool { left.number < right.number }
}

extension HTTPVersion: CustomStringConvertible {
    /// "HTTP/1.1", as in logs and `SERVER_PROTOCOL`.
    public var description: String { "HTTP/\(major).\(minor)" }
}
