// RFC 8259. Apache: modules/md/md_json.c (md_json_readb)

import Bytes

extension JSON {
    public struct SyntaxError: Error, Sendable, Hashable {
        /// Where, in bytes from the beginning.
        public var offset: Int
    }
    /// Reads one value that takes all of `bytes`. Not more than `depth` levels of arrays and objects; no limit on the
    /// size, which is the caller's.
    public init(_ bytes: [UInt8], depth: Int = 64) throws(SyntaxError) {
        var parser = JSONParser(bytes)
        self = try parser.value(depth)
        parser.skipBlanks()
        guard parser.isAtEnd else { throw parser.error }
    }
}

struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }
    var error: JSON.SyntaxError { JSON.SyntaxError(offset: position) }
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipBlanks() {
        while let byte = next, byte == 32 || byte == 9 || byte == 10 || byte == 13 { position += 1 }
    }
    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }
    private mutating func expect(_ byte: UInt8) throws(JSON.SyntaxError) {
        guard take(byte) else { throw error }
    }
    private mutating func word(_ text: StaticString, _ value: JSON) throws(JSON.SyntaxError) -> JSON {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count, Array(bytes[position..<end]).equals(text) else { throw error }
        position = end
        return value
    }

    mutating func value(_ depth: Int) throws(JSON.SyntaxError) -> JSON {
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }
    private mutating func object(_ depth: Int) throws(JSON.SyntaxError) -> JSON {
        guard depth > 0 else { throw error }
        position += 1
        var members: [JSON.Member] = []
        skipBlanks()
        if take(UInt8(ascii: "}")) { return .object([]) }
        while true {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw error }
            let name = try string()
            skipBlanks()
            try expect(UInt8(ascii: ":"))
            members.append(JSON.Member(name, try value(depth - 1)))
            skipBlanks()
            if take(UInt8(ascii: ",")) { continue }
            try expect(UInt8(ascii: "}"))
            return .object(members)
        }
    }
    private mutating func array(_ depth: Int) throws(JSON.SyntaxError) -> JSON {
        guard depth > 0 else { throw error }
        position += 1
        var values: [JSON] = []
        skipBlanks()
        if take(UInt8(ascii: "]")) { return .array([]) }
        while true {
            values.append(try value(depth - 1))
            skipBlanks()
            if take(UInt8(ascii: ",")) { continue }
            try expect(UInt8(ascii: "]"))
            return .array(values)
        }
    }

    private mutating func digits() throws(JSON.SyntaxError) {
        let start = position
        while let byte = next, ASCII.isDigit(byte) { position += 1 }
        guard position > start else { throw error }
    }
    private mutating func number() throws(JSON.SyntaxError) -> JSON {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        var isReal = false
        if take(UInt8(ascii: ".")) {
            isReal = true
            try digits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isReal = true
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if !isReal, let whole = Int64(text) { return .integer(whole) }
        guard let real = Double(text), real.isFinite else { throw error }
        return .real(real)
    }

    private mutating func string() throws(JSON.SyntaxError) -> String {
        position += 1
        var output: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: output, as: UTF8.self) else { throw error }
                return text
            case UInt8(ascii: "\\"): try escape(&output)
            case 0..<32: throw error
            default: output.append(byte)
            }
        }
        throw error
    }
    private mutating func escape(_ output: inout [UInt8]) throws(JSON.SyntaxError) {
        guard let byte = next else { throw error }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(byte)
        case UInt8(ascii: "b"): output.append(8)
        case UInt8(ascii: "f"): output.append(12)
        case UInt8(ascii: "n"): output.append(10)
        case UInt8(ascii: "r"): output.append(13)
        case UInt8(ascii: "t"): output.append(9)
        case UInt8(ascii: "u"):
            var code = try unit()
            if code & 0xFC00 == 0xD800 {
                try expect(UInt8(ascii: "\\"))
                try expect(UInt8(ascii: "u"))
                let low = try unit()
                guard low & 0xFC00 == 0xDC00 else { throw error }
                code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
            }
            guard let scalar = Unicode.Scalar(code) else { throw error }
            output += Character(scalar).utf8
        default: throw error
        }
    }
    private mutating func unit() throws(JSON.SyntaxError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = ASCII.hexValue(byte) else { throw error }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
