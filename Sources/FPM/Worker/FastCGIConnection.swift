// PHP: main/fastcgi.c (struct _fcgi_request, fcgi_close, fcgi_end, fcgi_finish_request)
import Bytes
import FastCGI
import Kernel

/// One FastCGI connection of a worker and the request that is on it: blocking, one request at a time. The object and its
/// buffers are used for one connection after the other.
///
/// Here: its life. Reading is in FastCGIInput.swift, writing in FastCGIOutput.swift.
final class FastCGIConnection {
    /// -1: closed.
    private(set) var descriptor: Int32 = -1
    private(set) var peer = SocketAddress.none
    var isOpen: Bool { descriptor >= 0 }

    // Input: bytes that were received and not used yet are those from `inputAt` on.
    var input: [UInt8] = []
    var inputAt = 0
    let room = ReceiveRoom()
    /// The last so many bytes of `input` are still in the socket, too. When the kernel gives room back to a client that waits for
    /// its answer on a unix socket, it wakes it for nothing, which costs more than all reading: the head of a request is
    /// taken out when its answer has been sent.
    var looked = 0
    /// Whether the client is one that would be woken.
    private(set) var looksFirst = false
    /// Parts of a `params` stream that came in several records.
    var params: [UInt8] = []
    var requestID: UInt16 = 0
    /// FCGI_KEEP_CONN, until something went wrong.
    var keeps = false
    /// Bytes of the present `stdin` record that were not read yet, and its padding.
    var bodyLeft = 0
    var bodyPadding = 0
    /// The empty `stdin` record was seen, or the stream is broken.
    var bodyEnded = true

    // Output: whole records, and one that is still open.
    var output: [UInt8] = []
    /// Where the open record begins in `output`; -1: none is open.
    var recordAt = -1
    var recordType = RecordType.stdout
    /// END_REQUEST was sent, or there was no request yet.
    var isEnded = true

    /// Bytes of output that are collected before they are sent, headers of records among them.
    static let outputLimit = 16_384

    init() {
        input.reserveCapacity(2048)
        output.reserveCapacity(4096)
    }

    /// Takes over a new connection.
    func open(_ descriptor: Int32, peer: SocketAddress) {
        self.descriptor = descriptor
        self.peer = peer
        looksFirst = peer == .none
        looked = 0
        input.removeAll(keepingCapacity: true)
        inputAt = 0
        beginRequest()
    }
    /// Nothing of an earlier request is left.
    func beginRequest() {
        keeps = false
        bodyLeft = 0
        bodyPadding = 0
        bodyEnded = false
        if !output.isEmpty { output.removeAll(keepingCapacity: true) }
        recordAt = -1
        isEnded = false
    }

    /// Sends what is left and the request's end, once. False when the client has gone.
    func end() -> Bool {
        guard !isEnded else { return true }
        isEnded = true
        closeRecord()
        RecordEncoder.appendEndRequest(id: requestID, appStatus: 0, .requestComplete, to: &output)
        let isSent = send()
        takeLooked()
        return isSent
    }
    /// Ends the request and, when the client does not keep it, the connection.
    func finish(force: Bool = false) -> Bool {
        guard isOpen else { return true }
        let isThere = end()
        close(force: force)
        return isThere
    }
    /// Closes unless the client keeps the connection; `force` closes at once, whatever is unread.
    func close(force: Bool) {
        guard isOpen, force || !keeps else { return }
        // Unread bytes would make the kernel reset the connection.
        takeLooked()
        if !force, !hasReadAll {
            // What is unread would make the kernel reset the connection, and the client lose the answer.
            Socket.shutdownWrite(descriptor)
            drain()
        }
        File.close(descriptor)
        descriptor = -1
        // One large upload shall not cost its memory for ever.
        if input.capacity > 1 << 18 { input = [] }
        if output.capacity > 1 << 18 { output = [] }
    }
    /// The client has nothing more to say: it ended its `stdin`, and nothing follows.
    private var hasReadAll: Bool {
        if !bodyEnded, bodyLeft == 0 { takeEmptyStdin() }
        return bodyEnded && inputAt == input.count
    }
    private func drain() {
        while Socket.waitReadable(descriptor, milliseconds: 5000) != .timedOut {
            input.removeAll(keepingCapacity: true)
            guard case .bytes(let count) = Socket.receiveNow(descriptor, into: &input, upTo: 65_536), count > 0 else {
                return
            }
        }
    }
}
