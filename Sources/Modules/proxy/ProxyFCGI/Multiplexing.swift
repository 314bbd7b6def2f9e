// The FastCGI 1.0 specification, section 4.1; PHP: main/fastcgi.c, fcgi_close

import Bytes
import EventLoop
import FastCGI
import Kernel
import ServerCore

/// Whether applications read their connection while a script runs.
///
/// One that says it does not multiplex (`FCGI_MPXS_CONNS` is 0) has nothing to read once it has the whole request. If it is
/// told so, by closing this server's half of the connection, its last read ends at once. PHP otherwise waits in that
/// read until the connection is closed from here, before it takes the next one: two more changes of process for each
/// request. Applications that multiplex (Go's, for one) take the end of input for the end of the connection.
extension BackendPool {
    /// True when the application is known not to multiplex. The first call asks it, in the background.
    func readsNothingMore(_ backend: Backend) -> Bool {
        if let multiplexes = multiplexing[backend.key] { return !multiplexes }
        guard let endpoint = backend.endpoints.first else { return false }
        multiplexing[backend.key] = true
        loop.spawnLocal { await self.ask(endpoint, backend) }
        return false
    }
    /// An application that failed may have been replaced by another one.
    func forgetMultiplexing(_ backend: Backend) { multiplexing[backend.key] = nil }

    private func ask(_ endpoint: Endpoint, _ backend: Backend) async {
        do throws(IOError) {
            let channel = try await loop.connect(endpoint, from: backend.source, timeout: backend.connectTimeout)
            defer { loop.close(channel) }
            var record: [UInt8] = []
            RecordEncoder.appendGetValues(["FCGI_MPXS_CONNS"], to: &record)
            try await loop.sendAll(channel, record, timeout: backend.timeout)
            var answer: [UInt8] = []
            while answer.count < 1024 {
                guard try await loop.receive(channel, into: &answer, upTo: 1024, timeout: backend.timeout) > 0 else {
                    return
                }
                guard let values = Self.values(answer) else { continue }
                multiplexing[backend.key] = !values.contains { $0.name == "FCGI_MPXS_CONNS" && $0.value == "0" }
                return
            }
        } catch {}
    }
    /// The pairs of a whole GET_VALUES_RESULT record; nil as long as it is not whole.
    private static func values(_ answer: [UInt8]) -> [(name: ByteString, value: ByteString)]? {
        let bytes = answer.span
        guard let header = RecordHeader(bytes, at: 0) else { return nil }
        let end = RecordHeader.count + Int(header.contentLength)
        guard answer.count >= end else { return nil }
        guard header.type == RecordType.getValuesResult.rawValue else { return [] }
        var decoder = ParamsDecoder(limit: 1024)
        guard decoder.feed(bytes, RecordHeader.count..<end) else { return [] }
        return decoder.pairs() ?? []
    }
}
