// Apache: server/util_script.c (ap_scan_script_header_err_core_ex)

import Bytes
import FastCGI
import HTTP
import ServerCore

/// What the head of a script's output means to the answer. Shared by everything that runs scripts.
enum ScriptHead {
    /// Puts the head's fields where they belong. True: the client's copy is good, or its condition fails; the status is
    /// set and there is no body.
    static func apply(_ head: CGIResponseHead, to request: Request, module: String) -> Bool {
        var others = Table()
        var cookies: [(name: ByteString, value: ByteString)] = []
        for value in request.errHeadersOut.values(of: "Set-Cookie") { cookies.append(("Set-Cookie", value)) }
        for field in head.fields {
            let value = head.text(field.value)
            switch field.kind {
            case .contentType: request.contentType = value.isEmpty ? nil : value
            case .status: setStatus(head, value, request, module)
            case .location: request.headersOut.set("Location", value)
            case .contentLength: request.headersOut.set("Content-Length", value)
            case .contentRange: request.headersOut.set("Content-Range", value)
            case .transferEncoding: request.headersOut.set("Transfer-Encoding", value)
            case .eTag: request.headersOut.set("ETag", value)
            case .lastModified: setLastModified(value, request, module)
            case .setCookie: cookies.append((head.text(field.name), value))
            case .other: others.add(head.text(field.name), value)
            }
        }
        let fails = head.status == nil && request.methodNumber.isGet && request.isPreconditionFailed
        request.errHeadersOut.overlapMerging(others)
        if !cookies.isEmpty {
            request.errHeadersOut.unset("Set-Cookie")
            for (name, value) in cookies { request.errHeadersOut.add(name, value) }
        }
        return fails
    }

    private static func setStatus(
        _ head: CGIResponseHead, _ line: ByteString, _ request: Request, _ module: String
    ) {
        let status = head.status ?? 0
        if !(100..<600).contains(status) {
            request.log(
                .error, module,
                "Invalid status line from script '\(scriptName(request))': \(line.upTo(30))")
            request.status = 500
            return
        }
        request.status = status
        // A bare number gets the blank that the grammar wants; a line that does not begin with the number is not used.
        let isLine = line.count < 4 || ASCII.isSpace(line[3])
        request.statusLine = isLine && line.count >= 3 ? (line.count == 3 ? line + " " : line) : nil
    }

    /// Dates that are no dates, or of the future, are not passed on.
    private static func setLastModified(_ value: ByteString, _ request: Request, _ module: String) {
        guard let seconds = HTTPDate.parse(value) else {
            request.log(.info, module, "AH10247: Ignored invalid header value: Last-Modified: '\(value)'")
            return
        }
        request.updateMtime(Int64(seconds) * 1_000_000)
        request.setLastModified()
    }

    /// The last component of the file name, for messages.
    static func scriptName(_ request: Request) -> ByteString {
        guard let name = request.filename else { return "" }
        return name.from((name.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)
    }
}
