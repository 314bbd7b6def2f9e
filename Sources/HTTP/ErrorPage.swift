// Apache: modules/http/http_protocol.c (ap_send_error_response, get_canned_error_string), server/core.c (ap_psignature)
import Bytes

/// The page Apache makes for a status that has no `ErrorDocument`, byte for byte.
public struct ErrorPage: Sendable {
    public var status: Status
    /// A status line a handler set ("404 Gone fishing"); used when it begins with the status.
    public var statusLine: ByteString?
    /// The method as it was sent.
    public var method: ByteString = ""
    /// Where a redirect goes.
    public var location: ByteString = ""
    /// The request's `Expect` field, for 417.
    public var expect: ByteString?
    /// `ServerAdmin`, for 500.
    public var serverAdmin: ByteString = ""
    /// More about the error, as HTML: `error-notes` of `r->notes`.
    public var notes: ByteString?
    /// The notes of a 500 may be shown to anybody: `verbose-error-to` is `*`.
    public var showsNotesOf500 = false
    /// The list of variants, as HTML, for 300 and 406.
    public var variantList: ByteString?
    /// The status an `ErrorDocument` itself ended with.
    public var recursiveStatus: Status?
    /// `ServerSignature`: see `appendSignature`; empty when it is off.
    public var signature: ByteString = ""

    public init(_ status: Status) { self.status = status }

    /// Appends the page; nothing for 204 and 304, which have no body.
    public func append(to output: inout [UInt8]) {
        if status.isHeaderOnly { return }
        let title = title
        output.append(
            "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n")
        output.append("<html><head>\n<title>")
        output.append(title)
        output.append("</title>\n</head><body>\n<h1>")
        output.append(contentsOf: title.bytes.dropFirst(4))
        output.append("</h1>\n")
        appendText(to: &output)
        if let recursiveStatus {
            output.append("<p>Additionally, a ")
            output.append(recursiveStatus.errorLine)
            output.append("\nerror was encountered while trying to use an ErrorDocument to handle the request.</p>\n")
        }
        if !signature.isEmpty {
            output.append("<hr>\n")
            output.append(signature)
        }
        output.append("</body></html>\n")
    }

    /// Appends the line of `ServerSignature On` (or, with `mail`, of `EMail`). `mail` is `ServerAdmin`: an address or
    /// a URL.
    public static func appendSignature(
        banner: ByteString, host: ByteString, port: Int, mail: ByteString? = nil, to output: inout [UInt8]
    ) {
        output.append("<address>")
        output.append(banner)
        output.append(" Server at ")
        if let mail {
            output.append("<a href=\"")
            if !isURL(mail) { output.append("mailto:") }
            output.appendEscapedHTML(mail)
            output.append("\">")
        }
        output.appendEscapedHTML(host)
        if mail != nil { output.append("</a>") }
        output.append(" Port ")
        output.append(decimal: port)
        output.append("</address>\n")
    }

    /// A scheme of letters, digits, `+`, `-` and `.`, then a colon: `ap_is_url`.
    static func isURL(_ text: ByteString) -> Bool {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
        return text[0..<colon].allSatisfy(ByteSet.scheme.contains)
    }

    /// The line of the status, or the handler's own one if it is well-formed.
    var title: ByteString {
        let known = ByteString(status.errorLine)
        guard let line = statusLine, line.count >= 3, line.upTo(3) == ByteString(decimal: status.code) else {
            return known
        }
        if line.count == 3 { return line + " Unknown Reason" }
        guard ASCII.isSpace(line[3]) else { return known }
        if line.count == 4 { return line + "Unknown Reason" }
        return ASCII.isAlnum(line[4]) ? line : known
    }

    // MARK: - The sentences

    private func appendNotes(_ notes: ByteString?, _ output: inout [UInt8], end: StaticString) {
        if let notes { output.append(notes) }
        output.append(end)
    }

    private func appendText(to output: inout [UInt8]) {
        switch status.code {
        case 300: appendNotes(variantList, &output, end: "")
        case 301, 302, 307, 308:
            output.append("<p>The document has moved <a href=\"")
            output.appendEscapedHTML(location)
            output.append("\">here</a>.</p>\n")
        case 303:
            output.append("<p>The answer to your request is located <a href=\"")
            output.appendEscapedHTML(location)
            output.append("\">here</a>.</p>\n")
        case 400:
            output.append("<p>Your browser sent a request that this server could not understand.<br />\n")
            appendNotes(notes, &output, end: "</p>\n")
        case 403:
            output.append("<p>You don't have permission to access this resource.")
            appendNotes(notes, &output, end: "</p>\n")
        case 405:
            output.append("<p>The requested method ")
            output.appendEscapedHTML(method)
            output.append(" is not allowed for this URL.</p>\n")
        case 406:
            output.append(
                "<p>An appropriate representation of the requested resource could not be found on this server.</p>\n")
            appendNotes(variantList, &output, end: "")
        case 411:
            output.append("<p>A request of the requested method ")
            output.appendEscapedHTML(method)
            output.append(" requires a valid Content-length.<br />\n")
            appendNotes(notes, &output, end: "</p>\n")
        case 413:
            output.append("The requested resource does not allow request data with ")
            output.appendEscapedHTML(method)
            output.append(" requests, or the amount of data provided in\nthe request exceeds the capacity limit.\n")
        case 414:
            output.append("<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n")
            appendNotes(notes, &output, end: "</p>\n")
        case 417: appendExpectation(to: &output)
        case 451:
            output.append("<p>Access to this URL has been denied for legal reasons.<br />\n")
            appendNotes(notes, &output, end: "</p>\n")
        case 501:
            output.append("<p>")
            output.appendEscapedHTML(method)
            output.append(" not supported for current URL.<br />\n")
            appendNotes(notes, &output, end: "</p>\n")
        case 502:
            output.append("<p>The proxy server received an invalid\r\nresponse from an upstream server.<br />\r\n")
            appendNotes(notes, &output, end: "</p>\n")
        default:
            if let text = Self.fixedText(status.code) { output.append(text) } else { appendInternalError(to: &output) }
        }
    }

    private func appendExpectation(to output: inout [UInt8]) {
        if let expect {
            output.append(
                "<p>The expectation given in the Expect request-header\nfield could not be met by this server.\n")
            output.append("The client sent<pre>\n    Expect: ")
            output.appendEscapedHTML(expect)
            output.append("\n</pre>\n")
        } else {
            output.append(
                "<p>No expectation was seen, the Expect request-header \nfield was not presented by the client.\n")
        }
        appendNotes(notes, &output, end: "</p><p>Only the 100-continue expectation is supported.</p>\n")
    }

    private func appendInternalError(to output: inout [UInt8]) {
        if showsNotesOf500, let notes {
            output.append(notes)
            output.append("<p />\n")
            return
        }
        output.append("<p>The server encountered an internal error or\nmisconfiguration and was unable to complete\n")
        output.append("your request.</p>\n<p>Please contact the server administrator at \n ")
        output.appendEscapedHTML(serverAdmin)
        output.append(" to inform them of the time this error occurred,\n")
        output.append(" and the actions you performed just before this error.</p>\n")
        output.append("<p>More information about this error may be available\nin the server error log.</p>\n")
    }

    /// The sentences that depend on nothing.
    private static func fixedText(_ code: Int) -> StaticString? {
        switch code {
        case 305:
            "<p>This resource is only accessible through the proxy\n<br />\nYou will need to configure your client to use that proxy.</p>\n"
        case 401, 407:
            """
            <p>This server could not verify that you
            are authorized to access the document
            requested.  Either you supplied the wrong
            credentials (e.g., bad password), or your
            browser doesn't understand how to supply
            the credentials required.</p>\n
            """
        case 404: "<p>The requested URL was not found on this server.</p>\n"
        case 408: "<p>Server timeout waiting for the HTTP request from the client.</p>\n"
        case 410:
            "<p>The requested resource is no longer available on this server and there is no forwarding address.\nPlease remove all references to this resource.</p>\n"
        case 412: "<p>The precondition on the request for this URL evaluated to false.</p>\n"
        case 415:
            "<p>The supplied request data is not in a format\nacceptable for processing by this resource.</p>\n"
        case 416:
            """
            <p>None of the range-specifier values in the Range
            request-header field overlap the current extent
            of the selected resource.</p>\n
            """
        case 421:
            """
            <p>The client needs a new connection for this
            request as the requested host name does not match
            the Server Name Indication (SNI) in use for this
            connection.</p>\n
            """
        case 422:
            """
            <p>The server understands the media type of the
            request entity, but was unable to process the
            contained instructions.</p>\n
            """
        case 423:
            """
            <p>The requested resource is currently locked.
            The lock must be released or proper identification
            given before the method can be applied.</p>\n
            """
        case 424:
            """
            <p>The method could not be performed on the resource
            because the requested action depended on another
            action and that other action failed.</p>\n
            """
        case 426:
            """
            <p>The requested resource can only be retrieved
            using SSL.  The server is willing to upgrade the current
            connection to SSL, but your client doesn't support it.
            Either upgrade your client, or try requesting the page
            using https://\n
            """
        default: fixedServerText(code)
        }
    }

    private static func fixedServerText(_ code: Int) -> StaticString? {
        switch code {
        case 428: "<p>The request is required to be conditional.</p>\n"
        case 429: "<p>The user has sent too many requests\nin a given amount of time.</p>\n"
        case 431: "<p>The server refused this request because\nthe request header fields are too large.</p>\n"
        case 503:
            """
            <p>The server is temporarily unable to service your
            request due to maintenance downtime or capacity
            problems. Please try again later.</p>\n
            """
        case 504: "<p>The gateway did not receive a timely response\nfrom the upstream server or application.</p>\n"
        case 506:
            "<p>A variant for the requested resource\n<pre>\n\n</pre>\nis itself a negotiable resource. This indicates a configuration error.</p>\n"
        case 507:
            """
            <p>The method could not be performed on the resource
            because the server is unable to store the
            representation needed to successfully complete the
            request.  There is insufficient free space left in
            your storage allocation.</p>\n
            """
        case 508: "<p>The server terminated an operation because\nit encountered an infinite loop.</p>\n"
        case 510:
            "<p>A mandatory extension policy in the request is not\naccepted by the server for this resource.</p>\n"
        case 511: "<p>The client needs to authenticate to gain\nnetwork access.</p>\n"
        default: nil
        }
    }
}
