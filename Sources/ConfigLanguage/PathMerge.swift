// APR: file_io/unix/filepath.c, apr_filepath_merge with APR_FILEPATH_TRUENAME.
import Bytes

/// `path` below `root`, or by itself when it is absolute: without `.`, `..` and doubled slashes.
/// A slash at the end stays; `..` above the root is dropped.
/// - Returns: Nil when the result could be longer than APR's 4096 bytes.
public func mergedPath(_ root: ByteString, _ path: ByteString) -> ByteString? {
    let slash = UInt8(ascii: "/")
    let isAbsolute = path.first == slash
    guard (isAbsolute ? 0 : root.count) + path.count + 4 <= 4096 else { return nil }
    var result: [UInt8] = isAbsolute ? [slash] : root.bytes
    if !isAbsolute, !result.isEmpty, result.last != slash { result.append(slash) }
    var at = 0
    while at < path.count {
        let end = path.bytes[at...].firstIndex(of: slash) ?? path.count
        let segment = path.bytes[at..<end]
        let hasSlash = end < path.count
        at = end + 1
        if segment.isEmpty || segment.elementsEqual([UInt8(ascii: ".")]) { continue }
        if segment.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) {
            if result.count > 1 {
                repeat { result.removeLast() } while !result.isEmpty && result.last != slash
            }
            continue
        }
        result.append(contentsOf: segment)
        if hasSlash { result.append(slash) }
    }
    return ByteString(result)
}

/// `directory` and `name` with one slash between them. Apache: server/util.c, ap_make_full_path.
func fullPath(_ directory: ByteString, _ name: ByteString) -> ByteString {
    var path = directory
    if path.last != UInt8(ascii: "/") { path.append(UInt8(ascii: "/")) }
    path.append(name)
    return path
}
