// nghttp2/nghttp2.h: nghttp2_nv

import CNGHTTP2
import ServerCore

/// The fields of a planned answer as nghttp2 wants them, made once: nghttp2 reads them where they are, when it writes the
/// frame. So whoever submits them holds the answer until its stream is over.
@safe final class PreparedHead {
    let pairs: UnsafeMutablePointer<nghttp2_nv>
    let count: Int
    private let text: UnsafeMutablePointer<UInt8>
    private static let dateName = StaticString("date")

    /// `date` lies as long as the loop, and holds the value of each moment.
    static func of(_ planned: PlannedAnswer, date: UnsafeMutablePointer<UInt8>) -> PreparedHead {
        if let known = planned.prepared as? PreparedHead { return known }
        let made = unsafe PreparedHead(planned.fields, date)
        planned.prepared = made
        return made
    }
    private init(_ fields: FieldBlock, _ date: UnsafeMutablePointer<UInt8>) {
        count = fields.entries.count + (fields.hasDate ? 1 : 0)
        unsafe text = .allocate(capacity: max(1, fields.text.count))
        for index in fields.text.indices { unsafe (text + index).initialize(to: fields.text[index]) }
        unsafe pairs = .allocate(capacity: max(1, count))
        let flags = UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
        for (index, entry) in fields.entries.enumerated() {
            unsafe (pairs + index).initialize(
                to: nghttp2_nv(
                    name: text + Int(entry.name.lowerBound), value: text + Int(entry.value.lowerBound),
                    namelen: entry.name.count, valuelen: entry.value.count, flags: flags))
        }
        guard fields.hasDate else { return }
        unsafe (pairs + (count - 1)).initialize(
            to: nghttp2_nv(
                name: UnsafeMutablePointer(mutating: Self.dateName.utf8Start), value: date,
                namelen: Self.dateName.utf8CodeUnitCount, valuelen: FrameScratch.dateCount, flags: flags))
    }
    deinit {
        unsafe pairs.deallocate()
        unsafe text.deallocate()
    }
}
