// Apache: modules/generators/cgi_common.h log_scripterror, mod_cgi.c log_script

import Bytes
import FastCGI
import HTTP
import Kernel
import ServerCore

/// `ScriptLog`: what programs did wrong, for the people who write them.
enum ScriptLog {
    /// A line in the error log and an entry in ScriptLog.
    static func error(_ request: Request, _ flavor: CGI.Flavor, _ status: Int, _ number: String, _ text: ByteString) {
        request.log(.error, flavor.name, "\(number): stderr from \(request.filename ?? ""): \(text)")
        guard let file = open(request) else { return }
        var entry = start(request, status)
        entry.append("%error\n")
        entry.append(text)
        entry.append("\n")
        try? File.writeAll(file, entry)
        File.close(file)
    }

    /// A program whose head was no head: the request, what there was of an answer, and what else it said.
    static func failure(_ request: Request, _ process: CGIProcess, _ status: Int, _ head: CGIResponseHead?) async {
        guard let file = open(request) else { return await process.discard() }
        defer { File.close(file) }
        var entry = start(request, status)
        entry.append("%request\n")
        for (name, value) in request.headersIn.pairs { entry.append("\(name): \(value)\n" as ByteString) }
        if request.methodNumber == .post || request.methodNumber == .put, !process.bodyStart.isEmpty {
            entry.append("\n")
            entry.append(contentsOf: process.bodyStart)
            entry.append("\n")
        }
        entry.append("%response\n")
        for (name, value) in request.errHeadersOut.pairs { entry.append("\(name): \(value)\n" as ByteString) }
        if let head, !head.bytes.isEmpty {
            entry.append(contentsOf: head.bytes)
            entry.append("\n")
        }
        var isFirst = true
        do throws(BodyError) {
            while let piece = try await process.next() {
                if isFirst { entry.append("%stdout\n") }
                isFirst = false
                entry.append(piece)
                entry.append("\n")
            }
        } catch {}
        try? File.writeAll(file, entry)
    }

    /// The log, unless it is full.
    private static func open(_ request: Request) -> Int32? {
        let config = request.server[CGI.server]
        guard let name = config.logName else { return nil }
        if let status = try? FileStatus(name), status.size > config.logLength { return nil }
        return try? File.openAppend(name).take()
    }
    private static func start(_ request: Request, _ status: Int) -> [UInt8] {
        var entry: [UInt8] = []
        entry.append("%% [")
        LogTime.appendError(CivilTime(localMicroseconds: RealTime.now), microseconds: false, to: &entry)
        let query = request.args.map { "?" + $0 } ?? ""
        entry.append("] \(request.method) \(request.uri)\(query) \(request.protocolText)\n" as ByteString)
        entry.append("%% \(status) \(request.filename ?? "")\n" as ByteString)
        return entry
    }
}
