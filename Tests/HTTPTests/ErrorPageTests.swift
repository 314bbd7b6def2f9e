import Bytes
import Testing

@testable import HTTP

@Suite struct ErrorPageTests {
    static let head =
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n"
        + "<html><head>\n<title>"
    static let tail =
        "<hr>\n<address>Apache/2.4.71 (Debian) Server at h.example Port 99</address>\n</body></html>\n"

    static func page(_ status: Int) -> ErrorPage {
        var page = ErrorPage(Status(status))
        page.method = "GET"
        page.location = "http://x.example/a?b&c"
        page.serverAdmin = "admin@example.org"
        var signature: [UInt8] = []
        ErrorPage.appendSignature(banner: "Apache/2.4.71 (Debian)", host: "h.example", port: 99, to: &signature)
        page.signature = ByteString(signature)
        return page
    }
    static func text(_ page: ErrorPage) -> String {
        var output: [UInt8] = []
        page.append(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// What apache2 2.4.71 sends between title and signature for `Redirect STATUS`.
    static let pages: [(Int, String)] = [
        (300, "300 Multiple Choices</title>\n</head><body>\n<h1>Multiple Choices</h1>\n"),
        (
            301,
            "301 Moved Permanently</title>\n</head><body>\n<h1>Moved Permanently</h1>\n<p>The document has moved <a href=\"http://x.example/a?b&amp;c\">here</a>.</p>\n"
        ),
        (
            302,
            "302 Found</title>\n</head><body>\n<h1>Found</h1>\n<p>The document has moved <a href=\"http://x.example/a?b&amp;c\">here</a>.</p>\n"
        ),
        (
            303,
            "303 See Other</title>\n</head><body>\n<h1>See Other</h1>\n<p>The answer to your request is located <a href=\"http://x.example/a?b&amp;c\">here</a>.</p>\n"
        ),
        (
            305,
            "305 Use Proxy</title>\n</head><body>\n<h1>Use Proxy</h1>\n<p>This resource is only accessible through the proxy\n<br />\nYou will need to configure your client to use that proxy.</p>\n"
        ),
        (
            307,
            "307 Temporary Redirect</title>\n</head><body>\n<h1>Temporary Redirect</h1>\n<p>The document has moved <a href=\"http://x.example/a?b&amp;c\">here</a>.</p>\n"
        ),
        (
            308,
            "308 Permanent Redirect</title>\n</head><body>\n<h1>Permanent Redirect</h1>\n<p>The document has moved <a href=\"http://x.example/a?b&amp;c\">here</a>.</p>\n"
        ),
        (
            400,
            "400 Bad Request</title>\n</head><body>\n<h1>Bad Request</h1>\n<p>Your browser sent a request that this server could not understand.<br />\n</p>\n"
        ),
        (
            401,
            "401 Unauthorized</title>\n</head><body>\n<h1>Unauthorized</h1>\n<p>This server could not verify that you\nare authorized to access the document\nrequested.  Either you supplied the wrong\ncredentials (e.g., bad password), or your\nbrowser doesn't understand how to supply\nthe credentials required.</p>\n"
        ),
        (
            403,
            "403 Forbidden</title>\n</head><body>\n<h1>Forbidden</h1>\n<p>You don't have permission to access this resource.</p>\n"
        ),
        (
            404,
            "404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n"
        ),
        (
            405,
            "405 Method Not Allowed</title>\n</head><body>\n<h1>Method Not Allowed</h1>\n<p>The requested method GET is not allowed for this URL.</p>\n"
        ),
        (
            406,
            "406 Not Acceptable</title>\n</head><body>\n<h1>Not Acceptable</h1>\n<p>An appropriate representation of the requested resource could not be found on this server.</p>\n"
        ),
        (
            407,
            "407 Proxy Authentication Required</title>\n</head><body>\n<h1>Proxy Authentication Required</h1>\n<p>This server could not verify that you\nare authorized to access the document\nrequested.  Either you supplied the wrong\ncredentials (e.g., bad password), or your\nbrowser doesn't understand how to supply\nthe credentials required.</p>\n"
        ),
        (
            408,
            "408 Request Timeout</title>\n</head><body>\n<h1>Request Timeout</h1>\n<p>Server timeout waiting for the HTTP request from the client.</p>\n"
        ),
        (
            409,
            "409 Conflict</title>\n</head><body>\n<h1>Conflict</h1>\n<p>The server encountered an internal error or\nmisconfiguration and was unable to complete\nyour request.</p>\n<p>Please contact the server administrator at \n admin@example.org to inform them of the time this error occurred,\n and the actions you performed just before this error.</p>\n<p>More information about this error may be available\nin the server error log.</p>\n"
        ),
        (
            410,
            "410 Gone</title>\n</head><body>\n<h1>Gone</h1>\n<p>The requested resource is no longer available on this server and there is no forwarding address.\nPlease remove all references to this resource.</p>\n"
        ),
        (
            411,
            "411 Length Required</title>\n</head><body>\n<h1>Length Required</h1>\n<p>A request of the requested method GET requires a valid Content-length.<br />\n</p>\n"
        ),
        (
            412,
            "412 Precondition Failed</title>\n</head><body>\n<h1>Precondition Failed</h1>\n<p>The precondition on the request for this URL evaluated to false.</p>\n"
        ),
        (
            413,
            "413 Request Entity Too Large</title>\n</head><body>\n<h1>Request Entity Too Large</h1>\nThe requested resource does not allow request data with GET requests, or the amount of data provided in\nthe request exceeds the capacity limit.\n"
        ),
        (
            414,
            "414 Request-URI Too Long</title>\n</head><body>\n<h1>Request-URI Too Long</h1>\n<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n</p>\n"
        ),
        (
            415,
            "415 Unsupported Media Type</title>\n</head><body>\n<h1>Unsupported Media Type</h1>\n<p>The supplied request data is not in a format\nacceptable for processing by this resource.</p>\n"
        ),
        (
            416,
            "416 Requested Range Not Satisfiable</title>\n</head><body>\n<h1>Requested Range Not Satisfiable</h1>\n<p>None of the range-specifier values in the Range\nrequest-header field overlap the current extent\nof the selected resource.</p>\n"
        ),
        (
            417,
            "417 Expectation Failed</title>\n</head><body>\n<h1>Expectation Failed</h1>\n<p>No expectation was seen, the Expect request-header \nfield was not presented by the client.\n</p><p>Only the 100-continue expectation is supported.</p>\n"
        ),
        (
            421,
            "421 Misdirected Request</title>\n</head><body>\n<h1>Misdirected Request</h1>\n<p>The client needs a new connection for this\nrequest as the requested host name does not match\nthe Server Name Indication (SNI) in use for this\nconnection.</p>\n"
        ),
        (
            422,
            "422 Unprocessable Entity</title>\n</head><body>\n<h1>Unprocessable Entity</h1>\n<p>The server understands the media type of the\nrequest entity, but was unable to process the\ncontained instructions.</p>\n"
        ),
        (
            423,
            "423 Locked</title>\n</head><body>\n<h1>Locked</h1>\n<p>The requested resource is currently locked.\nThe lock must be released or proper identification\ngiven before the method can be applied.</p>\n"
        ),
        (
            424,
            "424 Failed Dependency</title>\n</head><body>\n<h1>Failed Dependency</h1>\n<p>The method could not be performed on the resource\nbecause the requested action depended on another\naction and that other action failed.</p>\n"
        ),
        (
            426,
            "426 Upgrade Required</title>\n</head><body>\n<h1>Upgrade Required</h1>\n<p>The requested resource can only be retrieved\nusing SSL.  The server is willing to upgrade the current\nconnection to SSL, but your client doesn't support it.\nEither upgrade your client, or try requesting the page\nusing https://\n"
        ),
        (
            428,
            "428 Precondition Required</title>\n</head><body>\n<h1>Precondition Required</h1>\n<p>The request is required to be conditional.</p>\n"
        ),
        (
            429,
            "429 Too Many Requests</title>\n</head><body>\n<h1>Too Many Requests</h1>\n<p>The user has sent too many requests\nin a given amount of time.</p>\n"
        ),
        (
            431,
            "431 Request Header Fields Too Large</title>\n</head><body>\n<h1>Request Header Fields Too Large</h1>\n<p>The server refused this request because\nthe request header fields are too large.</p>\n"
        ),
        (
            451,
            "451 Unavailable For Legal Reasons</title>\n</head><body>\n<h1>Unavailable For Legal Reasons</h1>\n<p>Access to this URL has been denied for legal reasons.<br />\n</p>\n"
        ),
        (
            500,
            "500 Internal Server Error</title>\n</head><body>\n<h1>Internal Server Error</h1>\n<p>The server encountered an internal error or\nmisconfiguration and was unable to complete\nyour request.</p>\n<p>Please contact the server administrator at \n admin@example.org to inform them of the time this error occurred,\n and the actions you performed just before this error.</p>\n<p>More information about this error may be available\nin the server error log.</p>\n"
        ),
        (
            501,
            "501 Not Implemented</title>\n</head><body>\n<h1>Not Implemented</h1>\n<p>GET not supported for current URL.<br />\n</p>\n"
        ),
        (
            502,
            "502 Bad Gateway</title>\n</head><body>\n<h1>Bad Gateway</h1>\n<p>The proxy server received an invalid\r\nresponse from an upstream server.<br />\r\n</p>\n"
        ),
        (
            503,
            "503 Service Unavailable</title>\n</head><body>\n<h1>Service Unavailable</h1>\n<p>The server is temporarily unable to service your\nrequest due to maintenance downtime or capacity\nproblems. Please try again later.</p>\n"
        ),
        (
            504,
            "504 Gateway Timeout</title>\n</head><body>\n<h1>Gateway Timeout</h1>\n<p>The gateway did not receive a timely response\nfrom the upstream server or application.</p>\n"
        ),
        (
            505,
            "505 HTTP Version Not Supported</title>\n</head><body>\n<h1>HTTP Version Not Supported</h1>\n<p>The server encountered an internal error or\nmisconfiguration and was unable to complete\nyour request.</p>\n<p>Please contact the server administrator at \n admin@example.org to inform them of the time this error occurred,\n and the actions you performed just before this error.</p>\n<p>More information about this error may be available\nin the server error log.</p>\n"
        ),
        (
            506,
            "506 Variant Also Negotiates</title>\n</head><body>\n<h1>Variant Also Negotiates</h1>\n<p>A variant for the requested resource\n<pre>\n\n</pre>\nis itself a negotiable resource. This indicates a configuration error.</p>\n"
        ),
        (
            507,
            "507 Insufficient Storage</title>\n</head><body>\n<h1>Insufficient Storage</h1>\n<p>The method could not be performed on the resource\nbecause the server is unable to store the\nrepresentation needed to successfully complete the\nrequest.  There is insufficient free space left in\nyour storage allocation.</p>\n"
        ),
        (
            508,
            "508 Loop Detected</title>\n</head><body>\n<h1>Loop Detected</h1>\n<p>The server terminated an operation because\nit encountered an infinite loop.</p>\n"
        ),
        (
            510,
            "510 Not Extended</title>\n</head><body>\n<h1>Not Extended</h1>\n<p>A mandatory extension policy in the request is not\naccepted by the server for this resource.</p>\n"
        ),
        (
            511,
            "511 Network Authentication Required</title>\n</head><body>\n<h1>Network Authentication Required</h1>\n<p>The client needs to authenticate to gain\nnetwork access.</p>\n"
        ),
    ]

    @Test(arguments: pages) func everyPage(_ status: Int, _ text: String) {
        #expect(Self.text(Self.page(status)) == Self.head + text + Self.tail)
    }

    @Test func notesAndRecursion() {
        var page = Self.page(400)
        page.notes = "Size of a request header field exceeds server limit."
        page.recursiveStatus = .notFound
        page.signature = ""
        #expect(
            Self.text(page) == Self.head
                + "400 Bad Request</title>\n</head><body>\n<h1>Bad Request</h1>\n"
                + "<p>Your browser sent a request that this server could not understand.<br />\n"
                + "Size of a request header field exceeds server limit.</p>\n"
                + "<p>Additionally, a 404 Not Found\nerror was encountered while trying to use an ErrorDocument"
                + " to handle the request.</p>\n</body></html>\n")
    }

    @Test func expectationIsQuoted() {
        var page = Self.page(417)
        page.expect = "f<oo"
        #expect(Self.text(page).contains("The client sent<pre>\n    Expect: f&lt;oo\n</pre>\n</p><p>Only"))
    }

    @Test func signatureWithMail() {
        var output: [UInt8] = []
        ErrorPage.appendSignature(
            banner: "Apache/2.4.71 (Debian)", host: "h.example", port: 18412, mail: "admin@example.org", to: &output)
        #expect(
            ByteString(output).string
                == "<address>Apache/2.4.71 (Debian) Server at <a href=\"mailto:admin@example.org\">h.example</a>"
                + " Port 18412</address>\n")
        output = []
        ErrorPage.appendSignature(banner: "A", host: "h", port: 1, mail: "http://x/", to: &output)
        #expect(ByteString(output).string.contains("<a href=\"http://x/\">"))
    }

    @Test(arguments: [
        ("404 Gone fishing", "404 Gone fishing"), ("404", "404 Unknown Reason"), ("404 ", "404 Unknown Reason"),
        ("404 !x", "404 Not Found"), ("404x", "404 Not Found"), ("200 OK", "404 Not Found"), ("4", "404 Not Found"),
    ]) func titles(_ line: String, _ title: String) {
        var page = Self.page(404)
        page.statusLine = ByteString(line)
        #expect(page.title.string == title)
    }

    @Test(arguments: [
        (200, "200 OK"), (299, "299 Status 299"), (499, "499 Status 499"), (600, "600 Status 600"),
        (99, "500 Internal Server Error"), (1000, "500 Internal Server Error"),
    ])
    func statusLines(_ code: Int, _ line: String) {
        #expect(Status(code).line.string == line)
        var output: [UInt8] = []
        Status(code).appendLine(to: &output)
        #expect(ByteString(output).string == line)
    }
    @Test func noBody() {
        #expect(Self.text(Self.page(304)) == "")
        #expect(Self.text(Self.page(204)) == "")
    }
}
