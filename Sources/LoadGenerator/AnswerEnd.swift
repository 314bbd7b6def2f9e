// RFC 9112 section 6.3: how long an answer is

import Bytes

/// Whether a buffer holds a whole answer to a GET; nil when more must come.
struct AnswerEnd {
    /// 2xx.
    var isGood = false
    /// The connection may be used again.
    var isKept = true

    init?(_ buffer: [UInt8]) {
        guard let head = Self.headEnd(buffer) else { return nil }
        var length: Int?
        var isChunked = false
        let lines = ByteString(Array(buffer[..<head])).split(on: UInt8(ascii: "\n"))
        isGood = lines.first?.hasPrefix("HTTP/1.1 2") ?? false
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = line.upTo(colon)
            let value = Self.trimmed(line.from(colon + 1))
            if name.equalsIgnoringCase("Content-Length") { length = value.decimal }
            if name.equalsIgnoringCase("Transfer-Encoding") { isChunked = value.equalsIgnoringCase("chunked") }
            if name.equalsIgnoringCase("Connection"), value.equalsIgnoringCase("close") { isKept = false }
        }
        if isChunked {
            guard Self.isChunkedWhole(buffer, from: head) else { return nil }
            return
        }
        guard let length, buffer.count - head >= length else { return nil }
    }
    private static func trimmed(_ text: ByteString) -> ByteString {
        var bytes = text.bytes
        while bytes.last == 13 || bytes.last == 32 { bytes.removeLast() }
        return ByteString(Array(bytes.drop { $0 == 32 }))
    }
    private static func headEnd(_ buffer: [UInt8]) -> Int? {
        var index = 3
        while index < buffer.count {
            if buffer[index] == 10, buffer[index - 1] == 13, buffer[index - 2] == 10 { return index + 1 }
            index += 1
        }
        return nil
    }
    private static func isChunkedWhole(_ buffer: [UInt8], from start: Int) -> Bool {
        var index = start
        while true {
            var size = 0
            while index < buffer.count, let digit = hexadecimal(buffer[index]), size < 1 << 40 {
                size = size * 16 + digit
                index += 1
            }
            while index < buffer.count, buffer[index] != 10 { index += 1 }
            index += 1
            if size == 0 { return index + 2 <= buffer.count }
            index += size + 2
            if index >= buffer.count { return false }
        }
    }
    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte) - 48
        case 65...70: Int(byte) - 55
        case 97...102: Int(byte) - 87
        default: nil
        }
    }
}
