// Apache: modules/http2/h2_c2_filter.c (h2_c2_filter_response_out, create_response), h2_stream.c (buffer_output_receive)

import Bytes
import EventLoop
import HTTP
import Kernel

extension Worker {
    /// Sends a prepared answer on its stream. False: the client did not get all of it.
    func send(_ request: Request, on stream: any RequestStream) async -> Bool {
        var first: ByteString?
        let headerOnly = Status(request.status).isHeaderOnly
        var isTunnel = false
        if request.hasOwnHead {
            switch await takeOwnHead(request) {
            case .broken: return fail(request, stream)
            case .answer: break
            case .tunnel: isTunnel = takeSwitch(request, stream)
            }
        }
        if stream.webSocketAccept != nil, !isTunnel, (200..<300).contains(request.status) { refuseAsWebSocket(request) }
        if case .stream(let source) = request.responseBody, !headerOnly {
            do throws(BodyError) {
                first = try await firstPiece(of: source, request)
            } catch { return fail(request, stream) }
        }
        if request.status == 200, !request.hasOwnHead { applyRanges(request) }
        if case .stream = request.responseBody {} else { first = nil }
        _ = ResponseHead.settle(request)
        let block = FieldBlock(request)
        request.headerBytesSent = block.weight
        if request.isHeadOnly || headerOnly || isEmpty(request.responseBody) && request.trailersOut.isEmpty {
            if case .stream(let source) = request.responseBody { source.cancel() }
            stream.sendHead(block, of: request, isLast: true)
            return true
        }
        stream.sendHead(block, of: request, isLast: false)
        pace(request, &first)
        do throws(IOError) {
            switch request.responseBody {
            case .none: break
            case .pieces(let pieces) where pieces.isEmpty: try await finish(request, stream)
            case .pieces(let pieces): try await send(pieces, request, stream)
            case .stream(let source): return try await send(source, first, request, stream)
            }
            return true
        } catch {
            if case .stream(let source) = request.responseBody { source.cancel() }
            return fail(request, stream)
        }
    }
    /// What would do for HTTP/1, where nothing changes without a 101, is no answer to an extended CONNECT.
    private func refuseAsWebSocket(_ request: Request) {
        if case .stream(let source) = request.responseBody { source.cancel() }
        request.status = 502
        request.statusLine = nil
        request.headersOut.removeAll()
        request.errHeadersOut.removeAll()
        request.headersOut.set("Content-Length", "0")
        request.trailersOut.removeAll()
        request.contentType = nil
        request.responseBody = .none
    }
    private func isEmpty(_ body: ResponseBody) -> Bool {
        switch body {
        case .none: true
        case .pieces(let pieces): pieces.allSatisfy { $0.count == 0 }
        case .stream: false
        }
    }
    private func fail(_ request: Request, _ stream: any RequestStream) -> Bool {
        stream.abort()
        request.framingBytesSent -= stream.untaken
        request.connection.aborted = true
        return false
    }

    private func send(
        _ pieces: [ResponseBody.Piece], _ request: Request, _ stream: any RequestStream
    ) async throws(IOError) {
        let timeout = request.server.timeoutMilliseconds
        let last = pieces.lastIndex { $0.count > 0 } ?? 0
        for (index, piece) in pieces.enumerated() where piece.count > 0 {
            // As Apache's content length filter counts: what was passed on, taken or not.
            request.bytesSent += piece.count
            try await give(piece, index == last && request.trailersOut.isEmpty, stream, timeout)
        }
        if !request.trailersOut.isEmpty { try await finish(request, stream) }
    }

    private func send(
        _ source: any BodySource, _ taken: ByteString?, _ request: Request, _ stream: any RequestStream
    ) async throws(IOError) -> Bool {
        let timeout = request.server.timeoutMilliseconds
        var taken = taken
        while true {
            let piece: ByteString?
            do throws(BodyError) {
                if let first = taken {
                    piece = first
                    taken = nil
                } else {
                    piece = try await source.next()
                }
            } catch { return fail(request, stream) }
            guard let piece else { break }
            if piece.isEmpty { continue }
            let isLast = request.trailersOut.isEmpty && (source.hasGivenAll || source.isAtEnd)
            request.bytesSent += Int64(piece.count)
            try await give(.bytes(piece), isLast, stream, timeout)
            if isLast { return true }
        }
        try await finish(request, stream)
        return true
    }
    /// Ends an answer whose last piece was not known to be that.
    private func finish(_ request: Request, _ stream: any RequestStream) async throws(IOError) {
        let trailers = request.trailersOut.isEmpty ? nil : FieldBlock(trailers: request.trailersOut)
        try await stream.finish(trailers: trailers, timeout: request.server.timeoutMilliseconds)
    }

    /// While the client takes a piece, another request may be at work.
    private func give(
        _ piece: ResponseBody.Piece, _ isLast: Bool, _ stream: any RequestStream, _ timeout: UInt64
    ) async throws(IOError) {
        pause()
        defer { resume() }
        try await stream.send(piece, isLast: isLast, timeout: timeout)
    }

    /// A program that writes its own head writes one of HTTP/1: takes it apart, as the answer's status and fields.
    private func takeOwnHead(_ request: Request) async -> OwnHead {
        guard case .stream(let source) = request.responseBody else { return .answer }
        var text: [UInt8] = []
        while true {
            if let end = Self.endOfHead(text) {
                guard Self.takeHead(text[..<end.head], request) else { return .broken }
                let rest = Array(text[end.body...])
                request.responseBody = .stream(PrependedSource(rest.isEmpty ? nil : ByteString(rest), source))
                return request.status == 101 ? .tunnel : .answer
            }
            guard text.count < 65536 else { return .broken }
            do throws(BodyError) {
                guard let piece = try await source.next() else { return .broken }
                text.append(piece)
            } catch { return .broken }
        }
    }
    private enum OwnHead { case broken, answer, tunnel }
    /// Another protocol from here on; false when the other side did not understand which.
    private func takeSwitch(_ request: Request, _ stream: any RequestStream) -> Bool {
        let said = request.headersOut["Sec-WebSocket-Accept"]
        guard let said, said == stream.webSocketAccept else {
            request.log(
                .warning, "http2",
                "AH10462: h2_c2(\(stream.facts.tag)): websocket CONNECT, got 101 response without \(said == nil ? "Sec-WebSocket-Accept header" : "the right Sec-WebSocket-Accept header")"
            )
            refuseAsWebSocket(request)
            return false
        }
        for name: ByteString in ["Connection", "Upgrade", "Sec-WebSocket-Accept"] { request.headersOut.unset(name) }
        request.status = 200
        return true
    }
    private static func endOfHead(_ text: [UInt8]) -> (head: Int, body: Int)? {
        var at = 0
        while at + 1 < text.count {
            if text[at] == 10, text[at + 1] == 10 { return (at + 1, at + 2) }
            if at + 2 < text.count, text[at] == 10, text[at + 1] == 13, text[at + 2] == 10 { return (at + 1, at + 3) }
            at += 1
        }
        return nil
    }
    private static func takeHead(_ text: ArraySlice<UInt8>, _ request: Request) -> Bool {
        var lines = text.split(separator: 10).map { line in
            ByteString(Array(line.last == 13 ? line.dropLast() : line))
        }
        guard let first = lines.first, first.hasPrefix("HTTP/"), let blank = first.firstIndex(of: 32),
            let status = ByteString(first.from(blank + 1).bytes.prefix(3)).decimal,
            status == 101 || (200...599).contains(status)
        else { return false }
        lines.removeFirst()
        request.status = status
        request.headersOut.removeAll()
        request.errHeadersOut.removeAll()
        request.isProxyResponse = true
        for line in lines {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
            request.headersOut.merge(line.upTo(colon), line.from(colon + 1).trimmed())
        }
        return true
    }
}
