// Apache: modules/http/http_filters.c, server/core_filters.c ap_core_output_filter

import Bytes
import EventLoop
import HTTP
import Kernel

extension Request {
    /// Only `EnableSendfile Off` forbids it: unlike Apache, this server sends files so unless told otherwise.
    var mayUseSendfile: Bool { self[Core.directory].enableSendfile.value ?? true }
}

extension Worker {
    /// Sends a prepared answer: head and body, in chunks where nobody knows the length. False: the connection is broken.
    func send(_ request: Request, _ reader: ConnectionReader) async -> Bool {
        let stream = request.connection.stream
        if request.hasOwnHead, case .stream(let source) = request.responseBody {
            return await sendUnparsed(source, request)
        }
        var first: ByteString?
        if case .stream(let source) = request.responseBody, !Status(request.status).isHeaderOnly {
            do throws(BodyError) {
                first = try await firstPiece(of: source, request)
            } catch {
                request.connection.keepAlive = .close
                request.connection.aborted = true
                return false
            }
        }
        if !request.assumedHTTP09, request.status == 200 { applyRanges(request) }
        // A piece that is the whole body is not sent twice, and not before what took its place.
        if case .stream = request.responseBody {} else { first = nil }
        let chunked = ResponseHead.settle(request)
        if chunked, case .pieces(let pieces) = request.responseBody {
            request.responseBody = .stream(PieceSource(pieces))
        }
        var head: [UInt8] = []
        head.reserveCapacity(512)
        ResponseHead.append(request, to: &head)
        request.headerBytesSent = head.count
        let timeout = request.server.timeoutMilliseconds
        do throws(IOError) {
            if request.isHeadOnly || Status.init(request.status).isHeaderOnly {
                if case .stream(let source) = request.responseBody { source.cancel() }
                try await stream.sendAll(head, timeout: timeout)
                return true
            }
            pace(request, &first)
            switch request.responseBody {
            case .none: try await stream.sendAll(head, timeout: timeout)
            case .pieces(let pieces): try await send(pieces, after: head, request, timeout)
            case .stream(let source):
                return try await send(source, first: first, after: head, chunked: chunked, request, timeout)
            }
            return true
        } catch {
            request.connection.aborted = true
            if case .stream(let source) = request.responseBody { source.cancel() }
            if error == .timedOut {
                request.log(.info, "core", "AH00574: ap_content_length_filter: apr_bucket_read() failed: timeout")
            }
            return false
        }
    }

    private func send(
        _ pieces: [ResponseBody.Piece], after head: [UInt8], _ request: Request, _ timeout: UInt64
    ) async throws(IOError) {
        let stream = request.connection.stream
        var pending = head
        for piece in pieces {
            switch piece {
            case .bytes(let bytes):
                try await stream.sendAll(pending, bytes.bytes, timeout: timeout)
                request.bytesSent += Int64(bytes.count)
                pending = []
            case .file(let file, let offset, let count):
                // Small files travel with the head in one packet.
                if count <= 16384 || !request.mayUseSendfile {
                    var done: Int64 = 0
                    repeat {
                        var block: [UInt8] = []
                        let wanted = Int(min(count - done, 65536))
                        block.reserveCapacity(wanted)
                        guard
                            case .bytes(let got) = File.read(
                                file.descriptor, into: &block, count: wanted, offset: offset + done),
                            got > 0 || wanted == 0
                        else { throw .closed }
                        try await stream.sendAll(pending, block, timeout: timeout)
                        request.bytesSent += Int64(got)
                        pending = []
                        done += Int64(got)
                    } while done < count
                    continue
                }
                if !pending.isEmpty { try await stream.sendAll(pending, timeout: timeout, more: true) }
                pending = []
                let sent = try await stream.sendFile(
                    file.descriptor, offset: offset, count: Int(count), timeout: timeout)
                request.bytesSent += Int64(sent)
                if Int64(sent) < count { throw .closed }
            }
        }
        if !pending.isEmpty { try await stream.sendAll(pending, timeout: timeout) }
    }

    /// Sends what a handler made with its own head.
    private func sendUnparsed(_ source: any BodySource, _ request: Request) async -> Bool {
        request.connection.keepAlive = .close
        do throws(IOError) {
            return try await send(
                source, first: nil, after: [], chunked: false, request, request.server.timeoutMilliseconds)
        } catch {
            request.connection.aborted = true
            source.cancel()
            return false
        }
    }

    /// Takes a stream's first piece before the head is made: a body that ends with it is sent with its length, as
    /// ap_content_length_filter does with a brigade that holds the end.
    func firstPiece(of source: any BodySource, _ request: Request) async throws(BodyError) -> ByteString? {
        guard let piece = try await source.next() else {
            request.responseBody = .none
            return nil
        }
        if source.isAtEnd { request.responseBody = .bytes(piece) }
        return piece
    }

    /// Puts what slows an answer down (mod_ratelimit) around its body.
    func pace(_ request: Request, _ first: inout ByteString?) {
        guard let pacing = request.pacing, request.responseBody.knownCount != 0 else { return }
        request.responseBody = .stream(pacing(PrependedSource(first, request.responseBody.asSource())))
        first = nil
    }

    private func send(
        _ source: any BodySource, first: ByteString?, after head: [UInt8], chunked: Bool, _ request: Request,
        _ timeout: UInt64
    ) async throws(IOError) -> Bool {
        let stream = request.connection.stream
        var output = head
        var taken = first
        while true {
            let piece: ByteString?
            do throws(BodyError) {
                if let first = taken {
                    piece = first
                    taken = nil
                } else {
                    piece = try await source.next()
                }
            } catch {
                // What was promised cannot be kept; the client must see that the answer is not whole.
                if !output.isEmpty { try await stream.sendAll(output, timeout: timeout) }
                request.connection.keepAlive = .close
                request.connection.aborted = true
                return false
            }
            guard let piece else { break }
            if piece.isEmpty {
                // Nothing new, but what there is should go now: a head before its body.
                if source.wantsFlush, !output.isEmpty {
                    try await stream.sendAll(output, timeout: timeout)
                    output.removeAll(keepingCapacity: true)
                }
                continue
            }
            if chunked {
                let start = output.count
                ChunkedEncoder.appendHeader(count: piece.count, to: &output)
                output.append(piece)
                ChunkedEncoder.appendTrailer(to: &output)
                request.framingBytesSent += Int64(output.count - start - piece.count)
            } else {
                output.append(piece)
            }
            request.bytesSent += Int64(piece.count)
            if source.hasGivenAll { break }
            try await stream.sendAll(output, timeout: timeout)
            output.removeAll(keepingCapacity: true)
        }
        if chunked {
            let start = output.count
            ChunkedEncoder.appendEnd(to: &output)
            request.framingBytesSent += Int64(output.count - start)
        }
        if !output.isEmpty { try await stream.sendAll(output, timeout: timeout) }
        return true
    }
}
