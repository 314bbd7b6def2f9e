// Apache: modules/http/http_request.c ap_die, modules/http/http_protocol.c ap_send_error_response

import Bytes
import Expressions
import HTTP

/// Turns a phase's or handler's refusal into an answer: `ErrorDocument`, or the sentence Apache has for it.
enum ErrorResponse {
    /// Completes the answer after the handler: errors get their document, good answers go through their filters.
    static func finish(_ request: Request, _ outcome: Outcome) async {
        switch outcome {
        case .ok:
            if request.next == nil { finishContent(request) }
        case .done: if request.next == nil, !request.isPrepared { finishContent(request) }
        case .status(let status):
            // A handler that answered with the request's own status has written its own answer.
            await die(request, status)
        case .declined, .suspended: await die(request, 500)
        }
    }

    static func die(_ request: Request, _ type: Int) async {
        // The client's own request may have any status by now; a redirect that began with one is an error document's.
        let recursive = request.previous == nil ? 200 : request.status
        // Trouble within an error document: report the original error, with a word about this one.
        if recursive != 200 {
            var original = request
            while let earlier = original.previous, earlier.status != 200 { original = earlier }
            if original !== request { original.next = nil }
            sendCanned(original, recursive: recursive, ignoreDocument: true)
            return
        }
        request.status = type
        if type == 401, request.isProxyRequest { request.status = 407 }
        if Status(request.status).dropsConnection { request.connection.keepAlive = .close }
        guard let document = request[Core.directory].errorDocuments[type] else {
            return sendCanned(request, recursive: nil, ignoreDocument: true)
        }
        switch document {
        case .standard: sendCanned(request, recursive: nil, ignoreDocument: true)
        case .text: sendCanned(request, recursive: nil, ignoreDocument: false)
        case .url(let expression):
            guard let url = try? request.string(expression) else {
                return sendCanned(request, recursive: nil, ignoreDocument: true)
            }
            await send(document: url, for: request)
        }
    }

    private static func send(document url: ByteString, for request: Request) async {
        if url.first == UInt8(ascii: "/") {
            request.noLocalCopy = true
            request.env.set("REQUEST_METHOD", request.method)
            if let notes = request.notes["error-notes"] { request.env.set("ERROR_NOTES", notes) }
            let (method, number) = (request.method, request.methodNumber)
            request.method = "GET"
            request.methodNumber = .get
            if await request.internalRedirect(to: url) == .status(500) {
                sendCanned(request, recursive: 500, ignoreDocument: true)
            }
            request.method = method
            request.methodNumber = number
        } else if isURL(url) {
            // The client will see the redirect's status, not the error's.
            request.status = 302
            request.headersOut.set("Location", url)
            sendCanned(request, recursive: nil, ignoreDocument: true)
        } else {
            // Text that an expression made.
            sendText(request, url)
        }
    }

    /// Turns an answer that was good into an error while it is being prepared for sending, below the filter that
    /// tells the length.
    static func replaceWithError(_ request: Request, _ status: Int) {
        request.isLengthUntold = true
        request.status = status
        request.statusLine = nil
        sendCanned(request, recursive: nil, ignoreDocument: true)
    }

    /// Starts the answer over with Apache's own page.
    private static func sendCanned(_ request: Request, recursive: Int?, ignoreDocument: Bool) {
        let location = prepareFields(request)
        guard !Status(request.status).isHeaderOnly else { return }
        // The page is not even made for HEAD, so nobody knows its length.
        guard !request.isHeadOnly else { return finishContent(request) }
        if !ignoreDocument, case .text(let expression)? = request[Core.directory].errorDocuments[request.status],
            let text = try? request.string(expression)
        {
            request.responseBody = .bytes(text)
        } else {
            request.responseBody = .bytes(cannedPage(request, location: location ?? "", recursive: recursive))
        }
        finishContent(request)
    }
    private static func sendText(_ request: Request, _ text: ByteString) {
        _ = prepareFields(request)
        request.responseBody = request.isHeadOnly ? .none : .bytes(text)
        finishContent(request)
    }

    /// Error fields become the fields; what the handler had set for a good answer goes.
    private static func prepareFields(_ request: Request) -> ByteString? {
        request.outputFilters = []
        request.isErrorResponse = true
        let location = request.headersOut["Location"] ?? request.errHeadersOut["Location"]
        for insert in request.configuration.hooks.insertErrorFilter.functions { insert(request) }
        request.responseBody = .none
        guard !Status(request.status).isHeaderOnly else {
            finishContent(request)
            return location
        }
        request.headersOut = request.errHeadersOut
        request.errHeadersOut.removeAll()
        if Status(request.status).isRedirect || request.status == 201, let location, !location.isEmpty {
            request.headersOut.set("Location", location)
        }
        request.contentLanguages = []
        request.contentEncoding = nil
        if request.isSet("suppress-error-charset") {
            request.suppressCharset = true
            request.contentType = "text/html"
        } else {
            request.contentType = "text/html; charset=iso-8859-1"
        }
        if request.status == 405 || request.status == 501 { request.headersOut.set("Allow", request.allowLine) }
        return location
    }

    private static func cannedPage(_ request: Request, location: ByteString, recursive: Int?) -> ByteString {
        var page = ErrorPage(Status(request.status))
        page.statusLine = request.statusLine
        page.method = request.method
        page.location = location
        page.expect = request.headersInStorage["Expect"]
        page.serverAdmin = request.server.serverAdmin ?? "[no address given]"
        page.notes = request.notes["error-notes"]
        page.showsNotesOf500 = request.notes["verbose-error-to"] == "*"
        page.variantList = request.notes["variant-list"]
        page.recursiveStatus = recursive.map { Status($0) }
        page.signature = request.signature
        var bytes: [UInt8] = []
        page.append(to: &bytes)
        return ByteString(bytes)
    }

    /// Filters run over what is to be sent; nothing after this changes the answer but protocol.
    static func finishContent(_ request: Request) {
        request.isPrepared = true
        for filter in request.outputFilters.sorted(by: { $0.stage.rawValue < $1.stage.rawValue }) {
            filter.apply(request)
        }
    }
}

extension Request {
    /// The value of `Allow`: methods that core or a handler said it takes (make_allow).
    var allowLine: ByteString {
        var mask = allowed
        var names: [ByteString] = []
        let trace = server[Core.server].traceEnable.value(default: .on)
        if trace == .off { mask &= ~Method.trace.bit } else { mask |= Method.trace.bit }
        for method in Method.allCases where method != .other && mask & method.bit != 0 {
            names.append(ByteString(method.text))
        }
        var line = ByteString()
        for name in names { line.append(line.isEmpty ? name : "," + name) }
        return line
    }

    /// `<address>Apache/2.4.68 (Martinet) Server at host Port 80</address>` where ServerSignature asks for it.
    public var signature: ByteString {
        let mode = self[Core.directory].serverSignature.value(default: .off)
        guard mode != .off else { return "" }
        var text: [UInt8] = []
        ErrorPage.appendSignature(
            banner: configuration.banner, host: serverName, port: serverPort,
            mail: mode == .email ? server.serverAdmin : nil, to: &text)
        return ByteString(text)
    }
}
