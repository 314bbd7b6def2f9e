// Apache: modules/http/byterange_filter.c

import Bytes
import HTTP

/// Cuts a prepared 200 answer down to the ranges the client asked for (RFC 9110, section 14).
func applyRanges(_ request: Request) {
    guard let value = request.headersIn(unnoted: "Range"), !request.headersOut.contains("Content-Range"),
        case .pieces(let pieces) = request.responseBody
    else { return }
    let core = request[Core.directory]
    var conditions = Conditions()
    conditions.ifRange = request.headersIn(unnoted: "If-Range")
    conditions.hasRange = true
    guard conditions.allowsRange(request.validators) else { return }
    let length = UInt64(pieces.reduce(0) { $0 + $1.count })
    var limits = RangeRequest.Limits()
    limits.ranges = limit(core.maxRanges, 200)
    limits.overlaps = limit(core.maxRangeOverlaps, 20)
    limits.reversals = limit(core.maxRangeReversals, 20)
    switch RangeRequest.parse(value, length: length, limits: limits) {
    case .whole: return
    case .unsatisfiable: ErrorResponse.replaceWithError(request, 416)
    case .ranges where core.refusesRanges: return
    case .ranges(let ranges):
        request.status = 206
        request.statusLine = nil
        if ranges.count == 1 {
            single(request, pieces, ranges[0], length)
        } else {
            several(request, pieces, ranges, length)
        }
    }
}

/// nil is unlimited; `none` allows not even one.
private func limit(_ setting: Setting<Int>, _ standard: Int) -> Int? {
    let value = setting.value(default: standard)
    return value == 0 ? nil : max(value, 0)
}
extension CoreDirectory {
    /// `MaxRanges none`.
    var refusesRanges: Bool { maxRanges.value(default: 200) < 0 }
}

private func single(_ request: Request, _ pieces: [ResponseBody.Piece], _ range: Range<UInt64>, _ length: UInt64) {
    var text: [UInt8] = []
    RangeResponse.appendContentRange(range, length: length, to: &text)
    request.headersOut.set("Content-Range", ByteString(text))
    request.responseBody = .pieces(slice(pieces, range))
}

private func several(_ request: Request, _ pieces: [ResponseBody.Piece], _ ranges: [Range<UInt64>], _ length: UInt64) {
    let boundary = makeBoundary(request)
    var parts: [ResponseBody.Piece] = []
    for range in ranges {
        var head: [UInt8] = []
        RangeResponse.appendPartHead(
            boundary: boundary, contentType: request.contentTypeForSending, range, length: length, to: &head)
        parts.append(.bytes(ByteString(head)))
        parts += slice(pieces, range)
    }
    var end: [UInt8] = []
    RangeResponse.appendEnd(boundary: boundary, to: &end)
    parts.append(.bytes(ByteString(end)))
    request.contentType = "multipart/byteranges; boundary=\(boundary)"
    request.responseBody = .pieces(parts)
}

/// Unlike any line of the file: time and connection in hexadecimal, as Apache makes it.
private func makeBoundary(_ request: Request) -> ByteString {
    var text: [UInt8] = []
    text.append(hexadecimal: UInt(bitPattern: Int(request.requestTime)))
    text.append(hexadecimal: UInt(request.connection.id))
    return ByteString(text)
}

/// The part of a body that covers `range`.
private func slice(_ pieces: [ResponseBody.Piece], _ range: Range<UInt64>) -> [ResponseBody.Piece] {
    var result: [ResponseBody.Piece] = []
    var start: UInt64 = 0
    for piece in pieces {
        let end = start + UInt64(piece.count)
        let from = max(start, range.lowerBound)
        let to = min(end, range.upperBound)
        if from < to {
            switch piece {
            case .bytes(let bytes): result.append(.bytes(bytes[Int(from - start)..<Int(to - start)]))
            case .file(let file, let offset, _):
                result.append(.file(file, offset: offset + Int64(from - start), count: Int64(to - from)))
            }
        }
        start = end
    }
    return result
}
