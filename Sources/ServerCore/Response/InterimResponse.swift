// Apache: server/protocol.c ap_send_interim_response

import Bytes
import EventLoop
import HTTP

extension Request {
    /// Sends an interim answer (1xx) with these fields to a client that understands it; 100 only to one that waits for it, which
    /// is over with that. Errors show with the answer itself.
    public func sendInterim(status: Int, statusLine: ByteString? = nil, _ fields: Table) async {
        let first = first
        guard first.protocolNumber >= 1001, (100...199).contains(status) else { return }
        if status == 100 {
            guard first.expectingContinue else { return }
            first.expectingContinue = false
            expectingContinue = false
        }
        doNotReuse()
        if let stream = connection.requestStream { return stream.sendInterim(FieldBlock(status: status, fields)) }
        var text: [UInt8] = []
        text.append("HTTP/1.1 ")
        if let statusLine { text.append(statusLine) } else { Status(status).appendLine(to: &text) }
        text.append("\r\n")
        fields.appendFieldLines(to: &text)
        text.append("\r\n")
        try? await connection.stream.sendAll(text, timeout: server.timeoutMilliseconds)
    }
}

extension Connection {
    /// What came of the client behind the request at work and nobody has used: for a handler that takes the connection over.
    /// Nothing else will read it.
    public func takePendingInput() -> [UInt8] {
        guard let reader else { return [] }
        reader.compact()
        defer { reader.buffer = [] }
        return reader.buffer
    }
}
