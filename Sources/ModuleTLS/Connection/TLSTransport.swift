// Apache: modules/ssl/ssl_engine_io.c; openssl/ssl.h SSL

import Bytes
import CTLS
import EventLoop
import Kernel
import ServerCore

/// TLS on one connection: OpenSSL's SSL, which reads and writes the channel through a BIO of ours, so that the loop knows at
/// any time whether the socket is drained or full.
///
/// After a send gave `.wouldBlock` the same bytes come again: the record made of them is kept.
@safe public final class TLSTransport: Transport {
    let loop: EventLoop
    let channel: Channel
    unowned let worker: Worker
    private(set) var ssl: OpaquePointer?
    /// Servers of the connection's address.
    let candidates: [Server]
    /// The server whose certificate was shown: that of SNI, else the first of the address.
    var server: Server
    /// What the client named (SNI), lower case.
    var serverName: ByteString?
    public internal(set) var negotiatedProtocol: ByteString?
    public var selectedServer: Server? { isEstablished ? server : nil }
    public var tlsParameters: TLSParameters? { isSecure ? parameters : nil }
    public private(set) var waitsForRoom = false
    public private(set) var isEstablished = false
    /// What was wrong with the client's certificate (X509_V_ERR_…); 0 for nothing.
    var verifyError: Int = 0
    /// What the directory of the request at work asks for, over the server's.
    var requestVerify: VerifyMode?
    var requestDepth: Int?
    /// The connection is for a challenge (ACME): no request is served on it.
    var isForChallenge = false
    /// There is no real certificate yet: requests are answered with 503 (service_unavailable).
    var showsStandIn = false
    /// A certificate without a known authority was let pass (`optional_no_ca`).
    var isGenerous = false
    /// The one request on a connection that spoke plain HTTP was answered.
    var isRefused = false
    private var mode = Mode.tls
    private let channelEnd: ChannelEnd
    /// Whether responders stand by the client's certificate (`SSLOCSPEnable`).
    var revocation = ClientRevocation.State.unchecked
    /// How many answers of OCSP responders the handshake waits for; nil: it was not looked at yet.
    var staplesAwaited: Int?
    /// Who writes: OpenSSL through our BIO; OpenSSL itself, so that it can hand over its key; the kernel.
    private var writer = Writer.channel
    /// A handshake failed: the error is told once.
    private var isBroken = false
    var isOpen: Bool { unsafe ssl != nil }

    private enum Writer { case channel, socket, kernel }
    enum Mode {
        case tls
        /// The client spoke plain HTTP: what it is told goes out as it is. So many bytes of a request of ours were given.
        case plain(given: Int)
    }

    init?(_ worker: Worker, _ channel: Channel, _ context: TLSContext, _ candidates: [Server]) {
        guard let made = unsafe SSL_new(context.context) else { return nil }
        loop = worker.loop
        self.worker = worker
        self.channel = channel
        channelEnd = ChannelEnd(worker.loop, channel)
        self.candidates = candidates
        server = candidates[0]
        unsafe ssl = made
        // `deinit` frees what was made.
        guard let bio = unsafe ChannelBIO.make(for: channelEnd) else { return nil }
        unsafe SSL_set_bio(made, bio, bio)
        unsafe _ = ctls_set_owner(made, Unmanaged.passUnretained(self).toOpaque())
        unsafe SSL_set_accept_state(made)
    }
    deinit { if let ssl = unsafe ssl { unsafe SSL_free(ssl) } }

    public var isSecure: Bool {
        if case .plain = mode { return false }
        return true
    }
    /// The client spoke plain HTTP.
    var isPlain: Bool { !isSecure }
    public var hasPendingInput: Bool {
        switch mode {
        case .tls: unsafe ssl != nil && SSL_has_pending(ssl) == 1
        case .plain(let given): given < Self.plainRequest.count
        }
    }
    public var sharing: UInt32? {
        guard isSecure, !isForChallenge, !showsStandIn, !hasClientCertificate else { return nil }
        if let known = sharingKnown { return known }
        let number = SharingClasses.of(worker).number(server: server.number, serverName: serverName)
        if isEstablished { sharingKnown = number }
        return number
    }
    private var sharingKnown: UInt32?
    private var hasClientCertificate: Bool {
        if let known = clientCertificateKnown { return known }
        let has = unsafe ssl != nil && SSL_get0_peer_certificate(ssl) != nil
        clientCertificateKnown = has
        return has
    }
    private var clientCertificateKnown: Bool?
    /// How many handshakes ended since somebody set it to 0.
    var handshakesDone = 0
    func noteHandshakeDone() { handshakesDone += 1 }
    /// The client may be known now.
    func forgetFacts() {
        clientCertificateKnown = nil
        sharingKnown = nil
    }
    /// The connection is of no more use.
    func breakOff(_ errors: [UInt]) {
        isBroken = true
        logFailure(errors)
    }

    // MARK: - Receiving

    public func receive() -> IOResult { unsafe receive(loop.inputMemory) }
    public func receive(into buffer: inout [UInt8], upTo limit: Int) -> IOResult {
        let all = unsafe loop.inputMemory
        let size = min(max(limit, 0), all.count)
        let memory = unsafe UnsafeMutableRawBufferPointer(rebasing: all[0..<size])
        let result = unsafe receive(memory)
        if case .bytes(let count) = result { unsafe buffer.append(contentsOf: memory[0..<count]) }
        return result
    }
    @unsafe private func receive(_ memory: UnsafeMutableRawBufferPointer) -> IOResult {
        guard case .tls = mode else { return unsafe plainReceive(memory) }
        guard let ssl = unsafe ssl, !isBroken, memory.count > 0 else { return .failed(.brokenPipe) }
        if !isEstablished, let result = unsafe shakeHands(ssl, memory) { return result }
        let count = unsafe SSLBytes.read(ssl, memory)
        if writer == .kernel, unsafe KernelTLS.mustChangeKey(ssl) {
            breakOff([])
            return .failed(.brokenPipe)
        }
        return count > 0 ? .bytes(Int(count)) : unsafe outcome(ssl, count)
    }
    /// Goes on with the handshake; nil when it is done and requests may be read.
    @unsafe private func shakeHands(_ ssl: OpaquePointer, _ memory: UnsafeMutableRawBufferPointer) -> IOResult? {
        if unsafe ctls_is_handshake_done(ssl) == 0 {
            ERR_clear_error()
            let done = unsafe SSL_do_handshake(ssl)
            if done != 1 {
                let result = unsafe outcome(ssl, done)
                if case .tls = mode { return result }
                return unsafe plainReceive(memory)
            }
        }
        if ClientRevocation.mustWait(self) {
            waitsForRoom = false
            return .wouldBlock
        }
        isEstablished = true
        unsafe settleWriter(ssl)
        return nil
    }
    /// What a call that moved nothing says.
    private func outcome(_ ssl: OpaquePointer, _ result: Int32) -> IOResult {
        let trouble = unsafe SSLBytes.trouble(ssl, result)
        switch trouble {
        case .wantsInput, .wantsRoom:
            waitsForRoom = trouble == .wantsRoom
            if waitsForRoom, writer != .channel { loop.noteFull(channel) }
            return .wouldBlock
        case .end: return .bytes(0)
        case .broken:
            isBroken = true
            return .failed(.connectionReset)
        case .failed:
            isBroken = true
            let errors = OpenSSLError.take()
            if !isEstablished, errors.contains(where: Self.isHTTPRequest) {
                becomePlain()
            } else {
                logFailure(errors)
            }
            return .failed(.inputOutput)
        }
    }
    private func logFailure(_ errors: [UInt]) {
        let connection = worker.facts(of: channel)
        if isEstablished {
            connection.log(
                .info, "ssl",
                "AH01998: Connection closed to child \(connection.id) with abortive shutdown (server \(server.sslID))")
        } else {
            connection.log(.info, "ssl", "AH02008: SSL library error 1 in handshake (server \(server.sslID))")
        }
        for error in errors { connection.log(.info, "ssl", "SSL Library Error: \(OpenSSLError.text(error))") }
    }

    // MARK: - Sending

    /// No record is to be made here: there are none, or the kernel makes them.
    private var sendsAsItIs: Bool {
        if case .plain = mode { return true }
        return writer == .kernel && !isBroken
    }
    private func noting(_ result: IOResult) -> IOResult {
        if case .wouldBlock = result { waitsForRoom = true }
        return result
    }
    /// The settings that hold for the connection are known: the kernel may have the key when there is one.
    func offerToKernel(_ ssl: OpaquePointer) {
        guard writer == .channel, let descriptor = loop.descriptor(channel) else { return }
        if unsafe KernelTLS.offer(ssl, descriptor) { writer = .socket }
    }
    private func settleWriter(_ ssl: OpaquePointer) {
        guard writer == .socket else { return }
        if unsafe KernelTLS.isAtWork(ssl) {
            writer = .kernel
        } else if let bio = unsafe ChannelBIO.make(for: channelEnd) {
            unsafe SSL_set0_wbio(ssl, bio)
            writer = .channel
        }
    }
    public func send(_ bytes: [UInt8], from offset: Int, more: Bool) -> IOResult {
        guard offset >= 0, offset < bytes.count else { return .bytes(0) }
        if sendsAsItIs { return noting(loop.send(channel, bytes, from: offset, more: more)) }
        return unsafe bytes.withUnsafeBytes { unsafe write(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
    }
    public func send(_ head: [UInt8], _ body: [UInt8], from offset: Int) -> IOResult {
        if sendsAsItIs { return noting(loop.send(channel, head, body, from: offset)) }
        if offset >= head.count { return send(body, from: offset - head.count, more: false) }
        if body.isEmpty || head.count - offset >= Self.recordSize { return send(head, from: offset, more: false) }
        // What fits into one record goes into one.
        var joined: [UInt8] = []
        joined.reserveCapacity(min(head.count - offset + body.count, Self.recordSize))
        joined.append(contentsOf: head[offset...])
        joined.append(contentsOf: body.prefix(Self.recordSize - joined.count))
        return send(joined, from: 0, more: false)
    }
    public func sendFile(_ file: Int32, offset: Int64, count: Int) -> IOResult {
        if sendsAsItIs { return noting(loop.sendFile(channel, file, offset: offset, count: count)) }
        var done = 0
        var block: [UInt8] = []
        while done < count {
            block.removeAll(keepingCapacity: true)
            let wanted = min(count - done, Self.recordSize)
            guard case .bytes(let got) = File.read(file, into: &block, count: wanted, offset: offset + Int64(done)),
                got > 0
            else { return .bytes(done) }
            switch send(block, from: 0, more: done + got < count) {
            case .bytes(let sent):
                done += sent
                if sent < got { return .bytes(done) }
            case .wouldBlock: return done > 0 ? .bytes(done) : .wouldBlock
            case .failed(let error): return done > 0 ? .bytes(done) : .failed(error)
            }
        }
        return .bytes(done)
    }
    private static let recordSize = 16384

    private func write(_ bytes: UnsafeRawBufferPointer) -> IOResult {
        guard let ssl = unsafe ssl, !isBroken else { return .failed(.brokenPipe) }
        let count = unsafe SSLBytes.write(ssl, bytes)
        return count > 0 ? .bytes(Int(count)) : unsafe outcome(ssl, count)
    }

    // MARK: - The end

    public func shutdown() {
        guard let ssl = unsafe ssl, case .tls = mode, isEstablished, !isBroken else { return }
        ERR_clear_error()
        unsafe _ = SSL_shutdown(ssl)
    }
    public func end() {
        if let ssl = unsafe ssl { unsafe SSL_free(ssl) }
        unsafe ssl = nil
    }

    // MARK: - Plain HTTP where TLS was expected

    /// What mod_ssl makes of it: a request that the post_read_request hook refuses.
    private static let plainRequest: [UInt8] = Array("GET / HTTP/1.0\r\n\r\n".utf8)
    private static func isHTTPRequest(_ error: UInt) -> Bool {
        OpenSSLError.library(error) == ERR_LIB_SSL
            && (OpenSSLError.reason(error) == SSL_R_HTTP_REQUEST)
    }
    private func becomePlain() {
        let connection = worker.facts(of: channel)
        connection.log(
            .info, "ssl", "AH01996: SSL handshake failed: HTTP spoken on HTTPS port; trying to send HTML error page")
        isBroken = false
        isEstablished = true
        mode = .plain(given: 0)
    }
    @unsafe private func plainReceive(_ memory: UnsafeMutableRawBufferPointer) -> IOResult {
        guard case .plain(let given) = mode else { return .failed(.brokenPipe) }
        let rest = Self.plainRequest[given...]
        guard !rest.isEmpty else { return .wouldBlock }
        let count = min(rest.count, memory.count)
        for offset in 0..<count { unsafe memory[offset] = rest[given + offset] }
        mode = .plain(given: given + count)
        return .bytes(count)
    }
}

extension TLSTransport {
    /// The transport of an SSL object.
    static func owner(of ssl: OpaquePointer?) -> TLSTransport? {
        guard let ssl = unsafe ssl, let owner = unsafe ctls_owner(ssl) else { return nil }
        return unsafe Unmanaged<TLSTransport>.fromOpaque(owner).takeUnretainedValue()
    }
}
