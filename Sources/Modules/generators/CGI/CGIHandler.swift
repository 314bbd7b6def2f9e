// Apache: modules/generators/mod_cgi.c cgi_handler, cgi_common.h cgi_handle_response

import Bytes
import FastCGI
import HTTP
import Kernel
import ServerCore

/// Runs the program a request means, and makes its output the answer.
enum CGIHandler {
    static func handle(_ request: Request, _ flavor: CGI.Flavor) async -> Outcome {
        guard let handler = request.handler, handler == "cgi-script" || handler == "application/x-httpd-cgi" else {
            return .declined
        }
        let script = request.filename ?? ""
        let unparsed = ScriptHead.scriptName(request).hasPrefix("nph-")
        if let refusal = refuse(request, unparsed, flavor) { return .status(refusal) }
        CGIEnvironment.addCommonVariables(request)
        CGIEnvironment.addCGIVariables(request)
        let process: CGIProcess
        do throws(Errno) {
            process = try CGIProcess(
                request, script, arguments: [script] + arguments(request.args),
                environment: environment(request), flavor)
        } catch {
            // Apache learns of it from the child that could not become the program, which then says nothing more.
            let failure: ByteString = "exec of '\(script)' failed"
            if flavor.readsErrors {
                ScriptLog.error(
                    request, flavor, 500, "AH01215", "(\(error.rawValue))\(error.description): \(failure)")
            } else {
                request.server.log(
                    .error, flavor.name, "(\(error.rawValue))\(error.description): AH01241: \(failure)")
            }
            request.log(
                .error, flavor.name, "End of script output before headers: \(ScriptHead.scriptName(request))")
            return .status(500)
        }
        if let failure = await process.sendBody(of: request) {
            request.log(.error, flavor.name, "\(flavor.entity): Error reading request entity data")
            process.cancel()
            return .status(failure)
        }
        if unparsed {
            request.hasOwnHead = true
            request.responseBody = .stream(process)
            return .ok
        }
        return await answer(request, process, flavor)
    }

    private static func refuse(_ request: Request, _ unparsed: Bool, _ flavor: CGI.Flavor) -> Int? {
        func refuse(_ status: Int, _ number: String, _ text: ByteString) -> Int {
            ScriptLog.error(request, flavor, status, number, text)
            return status
        }
        let aliased = request.notes["alias-forced-type"]?.equalsIgnoringCase("cgi-script") ?? false
        if !request[Core.directory].effectiveOptions.contains(.execCGI), !aliased {
            return refuse(403, flavor.execOff, "Options ExecCGI is off in this directory")
        }
        if unparsed, request.isSubrequest {
            return refuse(403, flavor.included, "attempt to include NPH CGI script")
        }
        guard let file = request.finfo else {
            return refuse(404, flavor.missing, "script not found or unable to stat")
        }
        if file.isDirectory { return refuse(403, flavor.isDirectory, "attempt to invoke directory as script") }
        if request.usedPathInfo == .off, !request.pathInfo.isEmpty {
            return refuse(404, flavor.pathInfo, "AcceptPathInfo off disallows user's path")
        }
        return nil
    }

    /// The words of a query without `=` (RFC 3875, section 4.4).
    static func arguments(_ query: ByteString?) -> [ByteString] {
        guard let query, !query.isEmpty, !query.contains(UInt8(ascii: "=")) else { return [] }
        return query.split(on: UInt8(ascii: "+")).prefix(1022).map { URLPath.percentDecoded($0).escapedShellCommand }
    }

    /// NAME=value of every variable (ap_create_environment): names become letters, digits and `_`, and one that had to
    /// be changed never replaces another.
    static func environment(_ request: Request) -> [ByteString] {
        var result: [ByteString] = []
        if !request.env.contains("TZ"), let zone = Environment.get("TZ") { result.append("TZ=\(zone)") }
        for (name, value) in request.env.pairs where !value.contains(0) && !name.isEmpty {
            var safe = name
            if ASCII.isDigit(safe[0]) { safe[0] = UInt8(ascii: "_") }
            for index in safe.indices where !ASCII.isAlnum(safe[index]) && safe[index] != UInt8(ascii: "_") {
                safe[index] = UInt8(ascii: "_")
            }
            if safe != name, request.env.contains(safe) { continue }
            result.append("\(safe)=\(value)")
        }
        return result
    }

    /// Reads the head of the output and acts on it.
    private static func answer(_ request: Request, _ process: CGIProcess, _ flavor: CGI.Flavor) async -> Outcome {
        var head = CGIResponseHead()
        if let failure = await readHead(&head, process) {
            request.log(.error, flavor.name, failure.message(script: ScriptHead.scriptName(request)))
            let status = failure == .timedOut ? 504 : 500
            await ScriptLog.failure(request, process, status, failure == .timedOut ? nil : head)
            return .status(status)
        }
        let fails = ScriptHead.apply(head, to: request, module: flavor.name)
        // What the program says of its length is not checked against what it sends, so it is not passed on.
        if !request.isSet("ap_trust_cgilike_cl") { request.headersOut.unset("Content-Length") }
        request.headersOut.unset("Transfer-Encoding")
        if fails {
            await process.discard()
            if request.status == 304 { return .ok }
            let status = request.status
            request.status = 200
            return .status(status)
        }
        if let location = request.headersOut["Location"], request.status == 200 {
            await process.discard()
            guard location.first == UInt8(ascii: "/") else { return .status(302) }
            request.method = "GET"
            request.methodNumber = .get
            request.headersIn.unset("Content-Length")
            request.doNotReuse()
            return await request.internalRedirect(to: location)
        }
        request.responseBody = await process.body(preview: request.previewCount)
        return .ok
    }

    private static func readHead(_ head: inout CGIResponseHead, _ process: CGIProcess) async -> CGIResponseHead.Failure?
    {
        while true {
            do throws(BodyError) {
                guard let piece = try await process.next() else { return head.finish() }
                switch head.feed(piece.bytes.span, 0..<piece.count) {
                case .needMore: continue
                case .complete(let start):
                    process.giveBack(piece.from(start))
                    return nil
                case .failed(let failure): return failure
                }
            } catch {
                return head.finish(timedOut: error == .timedOut)
            }
        }
    }
}
