// Apache: modules/generators/mod_asis.c

import Bytes
import FastCGI
import HTTP
import Kernel
import ServerCore

/// mod_asis: files that begin with their own response fields.
public enum AsIs {
    public static let module = ModuleDefinition("asis", .generators, directives: []) { hooks in
        hooks.onHandler(handle)
    }

    @Sendable private static func handle(_ request: Request) async -> Outcome {
        guard let handler = request.handler, handler == "send-as-is" || handler == "httpd/send-as-is" else {
            return .declined
        }
        request.allowed |= Method.get.bit
        guard request.methodNumber.isGet else { return .declined }
        let path = request.filename ?? ""
        guard let status = request.finfo else {
            request.log(.info, "asis", "AH01233: File does not exist: \(path)")
            return .status(404)
        }
        let file: OpenFile
        do throws(Errno) {
            file = OpenFile(try File.open(path, .readOnly))
        } catch {
            request.log(
                .error, "asis",
                "(\(error.rawValue))\(error.description): AH01234: file permissions deny server access: \(path)")
            return .status(403)
        }
        return await answer(request, file, count: status.size)
    }

    private static func answer(_ request: Request, _ file: OpenFile, count: Int64) async -> Outcome {
        var head = CGIResponseHead()
        let (start, failure) = readHead(&head, file)
        if let failure {
            // Apache reads the head and goes on whatever it was: the file's rest is what follows the bad line.
            request.log(.error, "asis", failure.message(script: ScriptHead.scriptName(request)))
        }
        if ScriptHead.apply(head, to: request, module: "asis"), request.status == 304 { return .ok }
        let isRedirect = request.status == 200 || Status(request.status).isRedirect
        if let location = request.headersOut["Location"], location.first == UInt8(ascii: "/"), isRedirect {
            // The new request is a GET, whatever this one was.
            request.status = 200
            request.method = "GET"
            request.methodNumber = .get
            request.doNotReuse()
            return await request.internalRedirect(to: location)
        }
        if count > start {
            request.responseBody = .pieces([.file(file, offset: start, count: count - start)])
        }
        return .ok
    }

    /// - Returns: Where the body begins, and what is wrong with the head.
    private static func readHead(_ head: inout CGIResponseHead, _ file: OpenFile) -> (Int64, CGIResponseHead.Failure?) {
        var offset: Int64 = 0
        while true {
            var block: [UInt8] = []
            guard case .bytes(let count) = File.read(file.descriptor, into: &block, count: 8192, offset: offset),
                count > 0
            else { return (offset, head.finish()) }
            switch head.feed(block.span, 0..<block.count) {
            case .needMore: offset += Int64(count)
            case .complete(let start): return (offset + Int64(start), nil)
            case .failed(let failure): return (offset + Int64(count), failure)
            }
        }
    }
}
