// Apache: server/protocol.c (ap_read_request, ap_check_request_header), server/vhost.c (ap_update_vhost_from_headers_ex)
import Bytes

/// How the end of a request's body is known (RFC 9112, section 6.3).
public enum BodyFraming: Sendable, Hashable {
    case none
    case length(UInt64)
    case chunked
}

/// What the fields of a complete head mean for reading its body and choosing its host.
public struct RequestFacts: Sendable, Hashable {
    public var framing = BodyFraming.none
    /// The host the request is for; nil when there is none, which only requests before HTTP/1.1 may do.
    public var host: HostName?
    /// The host comes from the request-target; a `Host` field is ignored then (RFC 9112, section 3.2.2).
    public var hostIsFromTarget = false
    /// Several `Host` fields, joined (`HttpProtocolOptions Unsafe` only): `host` is a range of this.
    public var joinedHost: ByteString?
    /// `Expect: 100-continue`: the client waits for a 100 before it sends the body.
    public var expectsContinue = false
    /// Both `Content-Length` and `Transfer-Encoding` came: the length is ignored and the connection not used again.
    public var closesConnection = false
    /// The request-target has a scheme that is neither http nor https: 400 unless it is for a forward proxy.
    public var hasForeignScheme = false
    public init() {}
}

extension RequestHead {
    /// Checks the fields Apache checks before any module runs, in its order. `isSecure`: the connection is TLS, so that
    /// an absolute target names its host with `https:`. Throws what the client is to be told.
    public func examine(
        _ bytes: borrowing Span<UInt8>, _ options: borrowing RequestOptions, isSecure: Bool
    ) throws(RequestError) -> RequestFacts {
        var facts = RequestFacts()
        if !isSimple { try frame(bytes, &facts) }
        try findHost(bytes, &facts, isStrict: options.isStrict, isSecure: isSecure)
        if version >= .http11, facts.host == nil { throw RequestError(.missingHost) }
        if version == .http11, !has(.host) { throw RequestError(.missingHost) }
        if has(.expect), let value = first(.expect) { try expect(bytes, value, &facts) }
        return facts
    }

    private func frame(_ bytes: borrowing Span<UInt8>, _ facts: inout RequestFacts) throws(RequestError) {
        var length: UInt64?
        if has(.contentLength) {
            guard let value = decimal(.contentLength, in: bytes) else {
                throw RequestError(.invalidContentLength, first(.contentLength) ?? .empty)
            }
            length = value
            facts.framing = .length(value)
        }
        guard has(.transferEncoding) else { return }
        guard let value = value(.transferEncoding, in: bytes), FieldList.isChunked(value) else {
            throw RequestError(.unknownTransferEncoding, first(.transferEncoding) ?? .empty)
        }
        facts.framing = .chunked
        facts.closesConnection = length != nil
    }

    private func findHost(
        _ bytes: borrowing Span<UInt8>, _ facts: inout RequestFacts, isStrict: Bool, isSecure: Bool
    ) throws(RequestError) {
        if target.has(.scheme) {
            let scheme = target.scheme.range
            let isHTTP = bytes.equalsIgnoringCase("http", in: scheme)
            let isHTTPS = bytes.equalsIgnoringCase("https", in: scheme)
            facts.hasForeignScheme = !isHTTP && !isHTTPS
            facts.hostIsFromTarget = (isSecure ? isHTTPS : isHTTP) && target.has(.host)
        }
        if method == .connect, target.has(.host) { facts.hostIsFromTarget = true }
        if facts.hostIsFromTarget {
            facts.host = try HostName.parse(target: bytes, target, isStrict: isStrict)
            return
        }
        guard let field = first(.host) else { return }
        if repeated & HeaderName.host.bit != 0, let joined = value(.host, in: bytes) {
            do throws(RequestError) {
                let host = try HostName.parse(field: joined.bytes.span, 0..<joined.count, isStrict: isStrict)
                facts.joinedHost = joined
                facts.host = host
            } catch { throw RequestError(error.kind, field) }
            return
        }
        let host = try HostName.parse(field: bytes, field.range, isStrict: isStrict)
        facts.host = field.isEmpty ? nil : host
    }

    private func expect(
        _ bytes: borrowing Span<UInt8>, _ value: ByteRange, _ facts: inout RequestFacts
    ) throws(RequestError) {
        let isRepeated = repeated & HeaderName.expect.bit != 0
        if value.isEmpty, !isRepeated { return }
        guard !isRepeated, bytes.equalsIgnoringCase("100-continue", in: value.range) else {
            throw RequestError(.unknownExpectation, value)
        }
        facts.expectsContinue = true
    }
}

extension RequestHead {
    /// The log line of an error, without its number and not yet escaped.
    public func logMessage(
        _ error: RequestError, _ bytes: borrowing Span<UInt8>, _ options: borrowing RequestOptions
    ) -> ByteString {
        let joined: ByteString? =
            switch error.kind {
            case .invalidContentLength: value(.contentLength, in: bytes)
            case .unknownTransferEncoding: value(.transferEncoding, in: bytes)
            case .unknownExpectation: value(.expect, in: bytes)
            case .malformedHost where repeated & HeaderName.host.bit != 0: value(.host, in: bytes)
            default: nil
            }
        let path: ByteString = target.has(.path) ? ByteString(bytes, target.path) : method == .options ? "*" : "/"
        return error.message(
            detail: joined ?? ByteString(bytes, error.detail), limitRequestLine: options.limitRequestLine, path: path)
    }
}
