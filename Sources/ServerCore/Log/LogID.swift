// Apache: server/log.c add_log_id, server/core.c core_generate_log_id

import Bytes
import Kernel

/// Names of connections and requests in logs (`%L`): each gets one with its first message in the error log.
enum LogID {
    static func text(_ number: UInt64) -> ByteString {
        var state = number &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(Process.id) << 40
        var text: [UInt8] = []
        for _ in 0..<11 {
            text.append(alphabet[Int(state & 63)])
            state = state >> 6 ^ state &* 0xBF58_476D_1CE4_E5B9
        }
        return ByteString(text)
    }
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    static let note: ByteString = "log-id"
}

extension Connection {
    /// nil before the first message.
    public var logID: ByteString? { hasLogged ? LogID.text(id ^ UInt64(remoteAddress.port) << 48) : nil }
}

extension Request {
    /// The request's own, or that of the one that led to it; nil before the first message.
    public var logID: ByteString? {
        var request = main ?? self
        while true {
            if let known = request.notes[LogID.note] { return known }
            guard let previous = request.previous else { return nil }
            request = previous
        }
    }
    /// Gives the request its name; false when it has one.
    func beginsLogging() -> Bool {
        guard logID == nil else { return false }
        let text = LogID.text(UInt64(bitPattern: requestTime) ^ connection.id << 20)
        (main ?? self).notes.set(LogID.note, text)
        return true
    }
    /// For expressions: the next request may have none, or another.
    var loggedID: ByteString? {
        doNotReuse()
        return logID
    }
    var connectionLogID: ByteString? {
        doNotReuse()
        return connection.logID
    }
}
