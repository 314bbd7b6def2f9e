// brotli/encode.h

import Bytes
import CBrotli

/// One compressing stream of Brotli (RFC 7932).
@safe final class BrotliStream {
    enum Operation {
        case process
        /// Everything given so far can be decompressed from what comes out.
        case flush
        case finish
    }
    private let state: OpaquePointer
    /// Bytes taken and given so far.
    private(set) var totalIn: UInt64 = 0
    private(set) var totalOut: UInt64 = 0

    /// - Parameters:
    ///   - quality: 0 to 11.
    ///   - window: log₂ of the sliding window, 10 to 24.
    ///   - block: log₂ of the largest input block, 16 to 24; 0 leaves it to the library.
    /// - Returns: nil without memory.
    init?(quality: UInt32, window: UInt32, block: UInt32) {
        guard let made = unsafe BrotliEncoderCreateInstance(nil, nil, nil) else { return nil }
        unsafe state = made
        _ = unsafe BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, quality)
        _ = unsafe BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, window)
        _ = unsafe BrotliEncoderSetParameter(state, BROTLI_PARAM_LGBLOCK, block)
    }
    deinit { unsafe BrotliEncoderDestroyInstance(state) }

    /// Takes all of `input` and appends what comes out; false when the library cannot go on.
    func run(_ input: [UInt8], into output: inout [UInt8], _ operation: Operation) -> Bool {
        let code =
            switch operation {
            case .process: BROTLI_OPERATION_PROCESS
            case .flush: BROTLI_OPERATION_FLUSH
            case .finish: BROTLI_OPERATION_FINISH
            }
        totalIn += UInt64(input.count)
        let before = output.count
        let isDone = unsafe input.withUnsafeBufferPointer { bytes -> Bool in
            var left = bytes.count
            var next = bytes.baseAddress
            repeat {
                var room = 0
                guard unsafe BrotliEncoderCompressStream(state, code, &left, &next, &room, nil, nil) != 0 else {
                    return false
                }
                takeOutput(into: &output)
            } while left > 0 || (unsafe BrotliEncoderHasMoreOutput(state)) != 0
            return true
        }
        totalOut += UInt64(output.count - before)
        return isDone
    }
    private func takeOutput(into output: inout [UInt8]) {
        var count = 0
        guard let bytes = unsafe BrotliEncoderTakeOutput(state, &count) else { return }
        unsafe output.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
    }
}
