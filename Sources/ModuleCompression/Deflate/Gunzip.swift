// Apache: modules/filters/mod_deflate.c consume_zlib_flags, check_ratio; RFC 1952, section 2.3

import Bytes

/// A gzip member, unpacked as it comes: head, data, checksum and length. It knows no request: whoever feeds it says in
/// which words a failure is told.
final class Gunzip {
    enum Failure: Error, Equatable {
        case notDeflated
        case badMagic
        case badFlags(UInt8)
        case zlib(Int32, String)
        case tooLong(Int64)
        case ratio
        case badChecksum
        case badLength(UInt32)
        case trailingData(Int)
    }
    private enum Stage { case head, data, tail, done }

    let zlib: ZlibStream
    private var stage = Stage.head
    private var head: [UInt8] = []
    private var flags: UInt8 = 0
    /// Progress within the field of the head that is being skipped.
    private var fieldPosition = 0
    private var fieldLength = 0
    private var tail: [UInt8] = []
    private var crc: UInt32 = 0
    private var ratioHits = 0
    /// 0 is none.
    var limit: Int64 = 0
    var ratioLimit = 200
    var ratioBurst = 3

    init(_ zlib: ZlibStream) { self.zlib = zlib }

    var isDone: Bool { stage == .done }
    var hasBegun: Bool { !head.isEmpty }
    var isInHead: Bool { stage == .head && head.count < 10 }

    /// Takes all of `input`; appends what comes out.
    func feed(_ input: [UInt8], into output: inout [UInt8]) throws(Failure) {
        var at = 0
        while at < input.count {
            switch stage {
            case .head: try readHead(input, &at)
            case .data: try inflate(input, &at, &output)
            case .tail: try readTail(input, &at)
            case .done: throw .trailingData(input.count - at)
            }
        }
    }

    private func readHead(_ input: [UInt8], _ at: inout Int) throws(Failure) {
        while head.count < 10, at < input.count {
            head.append(input[at])
            at += 1
        }
        guard head.count == 10 else { return }
        if fieldPosition == 0, fieldLength == 0, flags == 0 {
            if head[2] != 8 { throw .notDeflated }
            if head[0] != 0x1F || head[1] != 0x8B { throw .badMagic }
            if head[3] & 0xE0 != 0 { throw .badFlags(head[3]) }
            flags = head[3] & 0x1E
        }
        // The text bit asks for nothing.
        while flags != 0, at < input.count { skipField(input[at], &at) }
        if flags == 0 { stage = .data }
    }
    /// One byte of the optional parts of the head: extra field, name, comment, checksum of the head.
    private func skipField(_ byte: UInt8, _ at: inout Int) {
        at += 1
        fieldPosition += 1
        if flags & 4 != 0 {
            if fieldPosition == 1 { fieldLength = Int(byte) }
            if fieldPosition == 2 { fieldLength += Int(byte) << 8 }
            if fieldPosition >= 2, fieldPosition == fieldLength + 2 { endField(4) }
        } else if flags & 8 != 0 {
            if byte == 0 { endField(8) }
        } else if flags & 16 != 0 {
            if byte == 0 { endField(16) }
        } else if fieldPosition == 2 {
            endField(2)
        }
    }
    private func endField(_ bit: UInt8) {
        flags &= ~bit
        fieldPosition = 0
        fieldLength = 0
    }

    private func inflate(_ input: [UInt8], _ at: inout Int, _ output: inout [UInt8]) throws(Failure) {
        let before = output.count
        let outcome = zlib.run(input, &at, into: &output, limit: 65536, flush: .none)
        crc = ZlibStream.checksum(crc, output, from: before)
        if case .failed(let code, let message) = outcome { throw .zlib(code, message) }
        let total = Int64(clamping: zlib.totalOut)
        if limit > 0, total > limit { throw .tooLong(total) }
        try checkRatio()
        if outcome == .end { stage = .tail }
    }
    private func checkRatio() throws(Failure) {
        guard zlib.totalIn > 0 else { return }
        if zlib.totalOut / zlib.totalIn < UInt64(ratioLimit) {
            ratioHits = 0
        } else {
            ratioHits += 1
            if ratioHits > ratioBurst { throw .ratio }
        }
    }

    private func readTail(_ input: [UInt8], _ at: inout Int) throws(Failure) {
        while tail.count < 8, at < input.count {
            tail.append(input[at])
            at += 1
        }
        guard tail.count == 8 else { return }
        stage = .done
        func word(_ start: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(tail[start + $1]) << UInt32($1 * 8) }
        }
        if word(0) != crc { throw .badChecksum }
        if word(4) != UInt32(truncatingIfNeeded: zlib.totalOut) { throw .badLength(word(4)) }
    }
}
