// Apache: modules/http2/h2_session.c (h2_session_push, h2_session_set_prio), h2_stream.c (h2_stream_submit_pushes)

import Bytes
import CNGHTTP2
import HTTP
import ServerCore

extension HTTP2Session {
    /// Whether the client takes pushed answers now and `H2Push` lets it have them.
    var mayPush: Bool {
        config.push.value(default: true) && frames.takesPushes && !isLeaving
    }

    /// Promises what an answer's Link fields name, before the answer goes, so that the client does not ask for it.
    func pushResources(on stream: HTTP2Stream, _ request: Request, _ fields: inout FieldBlock) {
        let asked = request.first
        guard stream.facts.mayPush, stream.slot >= 0, mayPush, asked.method == "GET",
            request.status < 400, request.status != 304, HTTP2.isPushOn(request)
        else { return }
        let policy = HTTP2.pushPolicy(asked)
        guard policy != .none, let authority = HTTP2.field("Host", asked) else { return }
        let scheme: ByteString = stream.isSecure ? "https" : "http"
        let candidates = PushCandidate.collect(fields.values(of: "link"), scheme: scheme, authority: authority)
        guard !candidates.isEmpty else { return }
        fields.add("push-policy", policy.rawValue)
        let method: ByteString = policy == .head ? "HEAD" : "GET"
        for candidate in candidates where diary.note(authority, candidate.path) {
            promise(candidate, on: stream, asked, method, scheme, authority)
        }
    }
    private func promise(
        _ candidate: PushCandidate, on stream: HTTP2Stream, _ asked: Request, _ method: ByteString,
        _ scheme: ByteString, _ authority: ByteString
    ) {
        var fields = FieldBlock()
        fields.add(":method", method)
        fields.add(":scheme", scheme)
        fields.add(":authority", authority)
        fields.add(":path", candidate.path)
        var head: [UInt8] = []
        for text in [method, " ", candidate.path, " HTTP/2.0\r\nHost: ", authority, "\r\n"] { head.append(text) }
        for name: ByteString in ["User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Cache-Control"] {
            guard let value = HTTP2.field(name, asked) else { continue }
            fields.add(name, value)
            for text in [name, ": ", value, "\r\n"] { head.append(text) }
        }
        head.append("\r\n")
        guard let slot = frames.submitPush(on: stream.slot, fields) else { return }
        let id = frames.slots[Int(slot)].id
        log(
            .debug,
            "AH03076: h2_stream(\(stream.facts.tag)): SERVER_PUSH \(Int(id)) for \(method) \(candidate.path) on \(Int(stream.facts.id))"
        )
        startPushed(slot, id, head, on: stream.facts.id, candidate.isCritical ? PushPriority(place: .before) : nil)
    }
    /// A pushed answer's place follows from its type, if not from what named it.
    func prioritize(_ stream: HTTP2Stream, _ fields: FieldBlock) {
        guard stream.facts.initiatedOn != 0, stream.slot >= 0 else { return }
        if stream.priority == nil { stream.priority = config.pushPriority(of: fields.values(of: "content-type").first) }
        applyPriority(stream)
    }
    func applyPriority(_ stream: HTTP2Stream) {
        guard let priority = stream.priority else { return }
        frames.prioritize(stream.facts.id, behind: stream.facts.initiatedOn, priority)
    }
}

extension HTTP2 {
    /// `H2Push` of the place that answers, or of its server.
    static func isPushOn(_ request: Request) -> Bool {
        request[HTTP2DirectoryConfig.directory].push.or(HTTP2Config.of(request.server).push).value(default: true)
    }
    static func pushPolicy(_ request: Request) -> PushPolicy { PushPolicy(field: field("Accept-Push-Policy", request)) }
    static func field(_ name: ByteString, _ request: Request) -> ByteString? {
        var value: [UInt8] = []
        return request.append(header: name, to: &value) ? ByteString(value) : nil
    }
}
