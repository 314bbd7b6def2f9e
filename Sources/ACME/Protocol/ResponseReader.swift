// RFC 9112, the client's half

import Bytes

/// Reads one answer from a stream.
struct ResponseReader {
    private let stream: Stream
    private let limit: Int
    private let deadline: UInt64
    private var buffer: [UInt8] = []
    private var position = 0

    init(_ stream: Stream, limit: Int, until deadline: UInt64) {
        self.stream = stream
        self.limit = limit
        self.deadline = deadline
    }

    /// - Throws: `HTTPError.badAnswer` for what is no HTTP/1 answer.
    consuming func response(hasBody: Bool) throws(HTTPError) -> HTTPResponse {
        var response = HTTPResponse()
        repeat { response = try head() } while response.status < 200
        guard hasBody, response.status != 204, response.status != 304 else { return response }
        if let coding = response.field("transfer-encoding") {
            guard coding.lowercased() == "chunked" else { throw .badAnswer("transfer coding \(coding)") }
            response.body = try chunks()
        } else if let text = response.field("content-length") {
            guard let count = Int(text), count >= 0 else { throw .badAnswer("Content-Length: \(text)") }
            response.body = try take(count)
        } else {
            while try more() {}
            response.body = Array(buffer[position...])
        }
        return response
    }
    private mutating func head() throws(HTTPError) -> HTTPResponse {
        var response = HTTPResponse()
        let line = try line()
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]), (100..<1000).contains(status)
        else { throw .badAnswer("no HTTP answer") }
        response.status = status
        while true {
            let line = try self.line()
            if line.isEmpty { return response }
            guard let colon = line.firstIndex(of: ":") else { throw .badAnswer("a field without a colon") }
            let value = line[line.index(after: colon)...]
            response.fields.append((line[..<colon].lowercased(), ByteString(value).trimmed().string))
        }
    }
    private mutating func chunks() throws(HTTPError) -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let line = try line()
            let digits = line.prefix { $0 != ";" && $0 != " " }
            guard digits.utf8.count <= 8, let count = Int(digits, radix: 16), count >= 0 else {
                throw .badAnswer("a chunk without a size")
            }
            if count == 0 {
                while try !self.line().isEmpty {}
                return body
            }
            body += try take(count)
            guard try self.line().isEmpty else { throw .badAnswer("a chunk without an end") }
        }
    }
    private mutating func more() throws(HTTPError) -> Bool {
        guard buffer.count <= limit else { throw .tooLarge }
        return try stream.read(into: &buffer, until: deadline)
    }
    private mutating func line() throws(HTTPError) -> String {
        while true {
            if let end = buffer[position...].firstIndex(of: 10) {
                var line = buffer[position..<end]
                position = end + 1
                if line.last == 13 { line.removeLast() }
                return String(decoding: line, as: UTF8.self)
            }
            guard try more() else { throw .badAnswer("the connection ended before the answer did") }
        }
    }
    private mutating func take(_ count: Int) throws(HTTPError) -> [UInt8] {
        guard count <= limit else { throw .tooLarge }
        while buffer.count - position < count {
            guard try more() else { throw .badAnswer("the connection ended before the answer did") }
        }
        defer { position += count }
        return Array(buffer[position..<position + count])
    }
}
