// Apache: modules/proxy/proxy_util.c (ap_proxy_prefetch_input, ap_proxy_spool_input)

import Bytes
import HTTP
import Kernel
import ServerCore

/// The request body as a script gets it: with a length that is known beforehand.
enum ScriptInput {
    case none
    /// All of it, no more than ``memoryLimit``.
    case bytes([UInt8])
    /// To be sent while the answer is read.
    case stream(any BodySource)
    /// The client's fault: an answer with this status.
    case refused(Int)

    /// A body this long is read before the script is started, so that a slow client holds no script.
    static let memoryLimit = 65536

    /// Reads short bodies, and bodies of unknown length to their end: those beyond ``memoryLimit`` into a file without a
    /// name. Content-Length then says what came.
    static func prepare(_ request: Request) async -> ScriptInput {
        guard let body = request.body, !request.isSubrequest else { return .none }
        if case .none = request.bodyFraming { return .none }
        if case .length(let length) = request.bodyFraming, !request.isBodyFiltered, length > UInt64(memoryLimit) {
            return .stream(body)
        }
        do throws(BodyError) {
            return try await spool(body, request)
        } catch {
            switch error {
            case .timedOut: return .refused(408)
            case .closed: return .refused(400)
            case .status(let status): return .refused(status)
            }
        }
    }

    static func spool(_ source: any BodySource, _ request: Request) async throws(BodyError) -> ScriptInput {
        var bytes: [UInt8] = []
        var file: SpoolFile?
        while let piece = try await source.next() {
            if let file {
                guard file.append(piece.bytes) else { throw .status(500) }
                continue
            }
            bytes.append(contentsOf: piece.bytes)
            guard bytes.count > memoryLimit else { continue }
            guard let made = SpoolFile(), made.append(bytes) else {
                request.log(.error, "proxy", "AH01089: search for temporary directory failed")
                throw .status(500)
            }
            file = made
            bytes = []
        }
        setLength(request, file?.count ?? Int64(bytes.count))
        if let file { return .stream(ResponseBody.pieces([.file(file.file, offset: 0, count: file.count)]).asSource()) }
        return .bytes(bytes)
    }
    private static func setLength(_ request: Request, _ count: Int64) {
        request.headersIn.set("Content-Length", ByteString(decimal: count))
        request.headersIn.unset("Transfer-Encoding")
    }
}

/// A temporary file that has no name any more.
final class SpoolFile {
    let file: OpenFile
    private(set) var count: Int64 = 0
    private static let directories: [ByteString] = ["/tmp", "/var/tmp"]

    init?() {
        var made: OpenFile?
        let wanted = [Environment.get("TMPDIR")].compactMap { $0 } + Self.directories
        for directory in wanted where made == nil {
            let path: ByteString = "\(directory)/martinet.\(Process.id).\(UInt64.random(in: 0...UInt64.max))"
            guard let descriptor = try? File.open(path, [.readWrite, .create, .exclusive, .noFollow], mode: 0o600)
            else {
                continue
            }
            try? File.unlink(path)
            made = OpenFile(descriptor)
        }
        guard let made else { return nil }
        file = made
    }
    /// False when the disk is full.
    func append(_ bytes: [UInt8]) -> Bool {
        do throws(Errno) {
            try File.writeAll(file.descriptor, bytes)
        } catch { return false }
        count += Int64(bytes.count)
        return true
    }
}
