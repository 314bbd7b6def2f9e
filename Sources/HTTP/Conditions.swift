// Apache: modules/http/http_protocol.c (ap_meets_conditions, ap_condition_if_*)
import Bytes

/// The conditional fields of a request (RFC 9110, section 13), as they came.
public struct Conditions: Sendable, Hashable {
    public var ifMatch: ByteString?
    public var ifNoneMatch: ByteString?
    public var ifModifiedSince: ByteString?
    public var ifUnmodifiedSince: ByteString?
    public var ifRange: ByteString?
    public var hasRange = false
    public init() {}

    /// The bits of `RequestHead.present` that make a request conditional; without them nothing needs to be read.
    public static var bits: UInt64 {
        HeaderName.ifMatch.bit | HeaderName.ifNoneMatch.bit | HeaderName.ifModifiedSince.bit
            | HeaderName.ifUnmodifiedSince.bit | HeaderName.ifRange.bit
    }
    /// Reads the fields of a head.
    public init(_ head: borrowing RequestHead, _ bytes: borrowing Span<UInt8>) {
        ifMatch = head.value(.ifMatch, in: bytes)
        ifNoneMatch = head.value(.ifNoneMatch, in: bytes)
        ifModifiedSince = head.value(.ifModifiedSince, in: bytes)
        ifUnmodifiedSince = head.value(.ifUnmodifiedSince, in: bytes)
        ifRange = head.value(.ifRange, in: bytes)
        hasRange = head.has(.range)
    }

    /// What is known of the resource. Times are seconds since 1970.
    public struct Validators: Sendable, Hashable {
        public var entityTag: ByteString?
        public var lastModified: Int?
        /// The time of the request, which a `Date` of the response replaces.
        public var now: Int
        public init(entityTag: ByteString? = nil, lastModified: Int? = nil, now: Int) {
            self.entityTag = entityTag
            self.lastModified = lastModified
            self.now = now
        }
        /// Without a time the resource counts as just changed.
        var modified: Int { lastModified ?? now }
        /// A time within the last minute is no strong validator.
        var isFresh: Bool { now < modified + 60 }
    }

    public enum Verdict: Sendable, Hashable {
        case proceed, notModified, preconditionFailed
    }

    enum Match: Sendable {
        case none, noMatch, weak, strong
    }

    /// What to answer to a successful request: the whole representation, 304 or 412.
    public func evaluate(_ method: Method, _ validators: Validators) -> Verdict {
        var notModified: Bool?
        if matchIfMatch(validators) == .noMatch { return .preconditionFailed }
        switch matchIfUnmodifiedSince(validators) {
        case .none: break
        case .noMatch: notModified = false
        case .weak, .strong: return .preconditionFailed
        }
        switch matchIfNoneMatch(method, validators) {
        case .none: break
        case .noMatch: notModified = false
        case .weak, .strong:
            guard method.isGet else { return .preconditionFailed }
            if notModified != false { notModified = true }
        }
        switch matchIfModifiedSince(validators) {
        case .none: break
        case .noMatch: notModified = false
        case .weak, .strong: if method.isGet, notModified != false { notModified = true }
        }
        if matchIfRange(validators) != .none { return .proceed }
        return notModified == true ? .notModified : .proceed
    }

    /// False when an `If-Range` says that the `Range` must be ignored.
    public func allowsRange(_ validators: Validators) -> Bool { matchIfRange(validators) != .noMatch }

    // MARK: - The single fields

    private func matchIfMatch(_ validators: Validators) -> Match {
        guard let list = ifMatch else { return .none }
        if list.first == UInt8(ascii: "*") { return .strong }
        guard let tag = validators.entityTag, EntityTag.strongMatch(list, tag) else { return .noMatch }
        return .strong
    }

    private func matchIfUnmodifiedSince(_ validators: Validators) -> Match {
        guard let value = ifUnmodifiedSince else { return .none }
        guard let since = HTTPDate.parse(value), validators.modified > since else { return .noMatch }
        return timed(validators)
    }

    private func matchIfNoneMatch(_ method: Method, _ validators: Validators) -> Match {
        guard let list = ifNoneMatch else { return .none }
        if list.first == UInt8(ascii: "*") { return .strong }
        guard let tag = validators.entityTag else { return .noMatch }
        if method.isGet, !hasRange { return EntityTag.weakMatch(list, tag) ? .weak : .noMatch }
        return EntityTag.strongMatch(list, tag) ? .strong : .noMatch
    }

    private func matchIfModifiedSince(_ validators: Validators) -> Match {
        guard let value = ifModifiedSince else { return .none }
        let since = HTTPDate.parse(value) ?? 0
        guard since >= validators.modified, since <= validators.now else { return .noMatch }
        return timed(validators)
    }

    /// A fresh time is weak, and weak does not do for ranges.
    private func timed(_ validators: Validators) -> Match {
        guard validators.isFresh else { return .strong }
        return hasRange ? .noMatch : .weak
    }

    private func matchIfRange(_ validators: Validators) -> Match {
        guard let value = ifRange, hasRange else { return .none }
        if value.first == UInt8(ascii: "\"") { return value == validators.entityTag ? .strong : .noMatch }
        guard HTTPDate.parse(value) ?? 0 == validators.modified, !validators.isFresh else { return .noMatch }
        return .strong
    }
}
