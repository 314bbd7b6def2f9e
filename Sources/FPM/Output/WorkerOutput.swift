// PHP: sapi/fpm/fpm/fpm_stdio.c
import Bytes
import Kernel

/// What one worker writes to its standard streams, on its way into the log.
struct WorkerOutput {
    enum Stream: Int { case output, error }

    /// Ends of the pipes, -1 when closed.
    private(set) var descriptors: [Int32]
    private var scanners = [OutputScanner(), OutputScanner()]
    private var line: OutputLine
    private var last: Stream?
    private let pool: ByteString
    private let pid: Int32

    /// Takes the reading ends over; `close` is the only one to close them.
    init(pool: PoolConfig, global: GlobalConfig, pid: Int32, output: Int32, error: Int32) {
        self.pool = pool.name
        self.pid = pid
        descriptors = [output, error]
        line = OutputLine(
            limit: global.logLimit, buffers: global.logBuffering, quotes: pool.decorateWorkersOutput)
    }
    /// Bytes of one read. `decoration` gives the time and level before a line.
    mutating func said(_ bytes: [UInt8], _ stream: Stream, decoration: [UInt8], to out: inout [UInt8]) {
        if let last, last != stream { finish(last, decoration, &out) }
        last = stream
        let start = begin(stream, decoration)
        var pieces: [OutputScanner.Piece] = []
        scanners[stream.rawValue].scan(bytes) { pieces.append($0) }
        for piece in pieces { put(piece, start, &out) }
    }
    /// The stream has ended. PHP's FPM says so where the end came with the first text of the worker.
    mutating func ended(_ stream: Stream, withFirstText: Bool, decoration: [UInt8], to out: inout [UInt8]) {
        var pieces: [OutputScanner.Piece] = []
        scanners[stream.rawValue].close { pieces.append($0) }
        let start = begin(stream, decoration)
        for piece in pieces { put(piece, start, &out) }
        if withFirstText, last == stream {
            line.finish(suffix: Array(", pipe is closed".utf8), prefix: start, to: &out)
        }
        closeDescriptor(stream)
    }
    /// Nothing more will be read: what is left comes out.
    mutating func close(decoration: [UInt8], to out: inout [UInt8]) {
        for stream in [Stream.output, .error] {
            ended(stream, withFirstText: false, decoration: decoration, to: &out)
        }
        if let last { finish(last, decoration, &out) }
    }
    /// Whether the worker has written nothing yet.
    var isFresh: Bool { last == nil }

    private mutating func put(_ piece: OutputScanner.Piece, _ start: [UInt8], _ out: inout [UInt8]) {
        switch piece {
        case .text(let text): line.append(text, prefix: start, to: &out)
        case .end: line.finish(prefix: start, to: &out)
        }
    }
    private mutating func finish(_ stream: Stream, _ decoration: [UInt8], _ out: inout [UInt8]) {
        line.finish(prefix: begin(stream, decoration), to: &out)
    }
    private mutating func closeDescriptor(_ stream: Stream) {
        if descriptors[stream.rawValue] >= 0 { File.close(descriptors[stream.rawValue]) }
        descriptors[stream.rawValue] = -1
    }
    private func begin(_ stream: Stream, _ decoration: [UInt8]) -> [UInt8] {
        guard line.quotes else { return [] }
        let name = stream == .output ? "stdout" : "stderr"
        // PHP's FPM cuts this text at 511 bytes.
        let text = ByteString("[pool \(pool)] child \(pid) said into \(name): ").upTo(511)
        return decoration + text.bytes + [UInt8(ascii: "\"")]
    }
}
