// Apache: modules/loggers/mod_log_config.c (BufferedLogs), turned into one write per loop turn

import Bytes
import Kernel

/// Lines collected by descriptor and written once per turn of the loop.
public struct LogBuffers {
    private struct Buffer {
        let descriptor: Int32
        var bytes: [UInt8]
    }
    private var buffers: [Buffer] = []
    /// More than this in one turn is written at once.
    static let limit = 64 * 1024

    /// Lets `write` append a line for `descriptor`.
    public mutating func append(to descriptor: Int32, _ write: (inout [UInt8]) -> Void) {
        for index in buffers.indices where buffers[index].descriptor == descriptor {
            write(&buffers[index].bytes)
            if buffers[index].bytes.count > Self.limit { flush(index) }
            return
        }
        buffers.append(Buffer(descriptor: descriptor, bytes: []))
        write(&buffers[buffers.count - 1].bytes)
    }
    mutating func flush() {
        for index in buffers.indices where !buffers[index].bytes.isEmpty { flush(index) }
    }
    private mutating func flush(_ index: Int) {
        try? File.writeAll(buffers[index].descriptor, buffers[index].bytes)
        buffers[index].bytes.removeAll(keepingCapacity: true)
    }
}
