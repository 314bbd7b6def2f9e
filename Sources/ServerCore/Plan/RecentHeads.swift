// No Apache counterpart: see Plan.swift.

import Bytes
import Kernel

/// An answer that a plan has for requests of streams.
public final class PlannedAnswer {
    public let fields: FieldBlock
    public let body: [UInt8]
    /// The body instead, when it is larger.
    public let file: OpenFile?
    public let fileCount: Int64
    /// The fields in the form in which the protocol wants them; made by who sends them first.
    public var prepared: AnyObject?

    init(_ fields: FieldBlock, body: [UInt8], file: OpenFile?, fileCount: Int64) {
        self.fields = fields
        self.body = body
        self.file = file
        self.fileCount = fileCount
    }
    public var hasBody: Bool { !body.isEmpty || file != nil }
}

/// The heads that plans answered last, as the client wrote them: who sends the same bytes again needs no parser. A client
/// of HTTP/2 does that for everything it asks for twice.
struct RecentHeads {
    struct Entry {
        var hash: UInt64 = 0
        var bytes: [UInt8] = []
        var candidates: UInt32 = 0
        var sharing: UInt32 = 0
        var plan: Plan?
        /// What they were parsed to, for the loggers.
        var fields = Table()
        /// As a head of HTTP/1.
        var size: Int64 = 0
    }
    private var entries: [Entry] = []
    private var epoch: UInt64 = 0

    static let count = 64
    /// Longer heads are parsed each time.
    static let sizeLimit = 2048

    /// The plan for these bytes, what they were parsed to, and their size as a head of HTTP/1.
    mutating func find(
        _ bytes: borrowing Span<UInt8>, candidates: UInt32, sharing: UInt32, epoch: UInt64
    ) -> (Plan, Table, Int64)? {
        guard !entries.isEmpty else { return nil }
        guard epoch == self.epoch else {
            removeAll()
            return nil
        }
        let hash = bytes.wordHash
        let index = Int(truncatingIfNeeded: hash) & (Self.count - 1)
        guard entries[index].hash == hash, entries[index].candidates == candidates, entries[index].sharing == sharing,
            bytes.equals(entries[index].bytes), let plan = entries[index].plan
        else { return nil }
        return (plan, entries[index].fields, entries[index].size)
    }

    mutating func insert(
        _ bytes: borrowing Span<UInt8>, candidates: UInt32, sharing: UInt32, _ plan: Plan, _ fields: Table, size: Int64
    ) {
        guard bytes.count <= Self.sizeLimit else { return }
        if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.count) }
        epoch = plan.epoch
        let hash = bytes.wordHash
        entries[Int(truncatingIfNeeded: hash) & (Self.count - 1)] = Entry(
            hash: hash, bytes: Array(copying: bytes, from: 0), candidates: candidates, sharing: sharing, plan: plan,
            fields: fields, size: size)
    }
    mutating func removeAll() { entries = [] }
}
