// PHP: main/fastcgi.c (fcgi_write, fcgi_flush); sapi/fpm/fpm/fpm_main.c (sapi_cgi_read_post)
import Bytes
import FastCGI
import Kernel

/// Writing answers, and handing memory over to the language. Unsafe pointers come in here and go no further.
extension FastCGIConnection {
    /// Adds to a stream of the answer. False when the client has gone. What comes after the request's end is dropped.
    func write(_ type: RecordType, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count > 0, !isEnded else { return true }
        guard isOpen else { return false }
        if recordAt >= 0, recordType != type { closeRecord() }
        guard bytes.count + RecordHeader.count < Self.outputLimit else { return unsafe writeLarge(type, bytes) }
        var isThere = true
        if output.count + RecordHeader.count + bytes.count > Self.outputLimit { isThere = flush() }
        if recordAt < 0 { openRecord(type) }
        unsafe output.append(contentsOf: bytes)
        return isThere
    }
    func write(_ type: RecordType, _ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe write(type, $0) }
    }
    /// Sends without copying, in as many records as it takes. What is left and not large goes with what comes next, mostly the
    /// request's end: each sending wakes the client.
    private func writeLarge(_ type: RecordType, _ bytes: UnsafeRawBufferPointer) -> Bool {
        closeRecord()
        var at = 0
        while bytes.count - at >= Self.outputLimit / 2 {
            let count = RecordEncoder.appendStreamHeader(type, id: requestID, count: bytes.count - at, to: &output)
            let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
            let isSent = unsafe Socket.sendAll(descriptor, output, piece)
            output.removeAll(keepingCapacity: true)
            guard isSent else {
                keeps = false
                return false
            }
            at += count
        }
        guard at < bytes.count else { return true }
        openRecord(type)
        unsafe output.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[at...]))
        return true
    }
    /// Sends what was collected.
    func flush() -> Bool {
        guard !isEnded else { return true }
        guard isOpen else { return false }
        closeRecord()
        return output.isEmpty || send()
    }
    func send() -> Bool {
        let isSent = isOpen && Socket.sendAll(descriptor, output)
        output.removeAll(keepingCapacity: true)
        if !isSent { keeps = false }
        return isSent
    }

    private func openRecord(_ type: RecordType) {
        recordAt = output.count
        recordType = type
        RecordHeader(type: type, requestID: requestID, contentLength: 0).append(to: &output)
    }
    /// A record is never longer than the output buffer.
    func closeRecord() {
        guard recordAt >= 0 else { return }
        let count = output.count - recordAt - RecordHeader.count
        output[recordAt + 4] = UInt8(truncatingIfNeeded: count >> 8)
        output[recordAt + 5] = UInt8(truncatingIfNeeded: count)
        recordAt = -1
    }

    /// Fills `target` from the request's body; fewer bytes only at its end.
    func readBody(_ target: UnsafeMutableRawBufferPointer) -> Int {
        var done = 0
        while isOpen, done < target.count {
            if bodyLeft == 0, !nextBodyRecord() { break }
            if inputAt == input.count, !fill() {
                keeps = false
                bodyEnded = true
                bodyLeft = 0
                break
            }
            let count = min(bodyLeft, input.count - inputAt, target.count - done)
            unsafe input.withUnsafeBytes { source in
                let piece = unsafe UnsafeRawBufferPointer(rebasing: source[inputAt..<inputAt + count])
                let room = unsafe UnsafeMutableRawBufferPointer(rebasing: target[done..<done + count])
                unsafe room.copyMemory(from: piece)
            }
            inputAt += count
            bodyLeft -= count
            done += count
            if bodyLeft == 0 { endBodyRecord() }
        }
        return done
    }
}
