// Apache: modules/ssl/ssl_engine_io.c (ssl_io_filter_handshake for c->outgoing); openssl/ssl.h SSL

import Bytes
import CTLS
import EventLoop
import Kernel
import ServerCore

/// TLS on one connection to another server. The handshake goes on with every send and receive; when it is done the certificate's
/// dates and names are looked at, and a connection that fails is as broken as any other.
@safe final class OutgoingTransport: Transport {
    private let place: ChannelEnd
    private let context: OutgoingTLSContext
    private let server: Server
    private let wish: OutgoingSecurityWish
    private var ssl: OpaquePointer?
    private(set) var waitsForRoom = false
    private(set) var isEstablished = false
    private(set) var negotiatedProtocol: ByteString?
    private var isBroken = false

    init?(
        _ loop: EventLoop, _ channel: Channel, _ context: OutgoingTLSContext, _ wish: OutgoingSecurityWish,
        _ server: Server
    ) {
        guard let made = unsafe SSL_new(context.context) else { return nil }
        place = ChannelEnd(loop, channel)
        self.context = context
        self.wish = wish
        self.server = server
        unsafe ssl = made
        guard let bio = unsafe ChannelBIO.make(for: place) else { return nil }
        unsafe SSL_set_bio(made, bio, bio)
        unsafe SSL_set_connect_state(made)
        if let name = wish.serverName, SocketAddress(name, port: 0) == nil {
            unsafe _ = name.withCString { unsafe ctls_server_name(made, $0) }
        }
        var list: [UInt8] = []
        for name in wish.protocols where name.count < 256 {
            list.append(UInt8(name.count))
            list.append(contentsOf: name.bytes)
        }
        if !list.isEmpty {
            unsafe _ = list.withUnsafeBufferPointer {
                unsafe SSL_set_alpn_protos(made, $0.baseAddress, UInt32($0.count))
            }
        }
    }
    deinit { if let ssl = unsafe ssl { unsafe SSL_free(ssl) } }

    var isSecure: Bool { true }
    var sharing: UInt32? { nil }
    var hasPendingInput: Bool { unsafe ssl != nil && SSL_has_pending(ssl) == 1 }

    // MARK: The handshake

    /// Nil when it is done.
    private func shakeHands(_ ssl: OpaquePointer) -> IOResult? {
        if isEstablished { return nil }
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        guard result == 1 else {
            let outcome = unsafe outcome(ssl, result)
            if case .wouldBlock = outcome { return outcome }
            isBroken = true
            server.log(.info, "ssl", "AH02003: SSL Proxy connect failed")
            for error in OpenSSLError.take() {
                server.log(.info, "ssl", "SSL Library Error: \(OpenSSLError.text(error))")
            }
            return .failed(.inputOutput)
        }
        if let complaint = unsafe context.complaint(ssl, name: wish.serverName) ?? protocolComplaint(ssl) {
            isBroken = true
            server.log(.info, "ssl", complaint)
            return .failed(.inputOutput)
        }
        isEstablished = true
        return nil
    }
    /// A server that does not agree to what was offered would take what follows for something else.
    private func protocolComplaint(_ ssl: OpaquePointer) -> ByteString? {
        var bytes: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &bytes, &count)
        if let start = unsafe bytes, count > 0 {
            negotiatedProtocol = unsafe ByteString(Array(UnsafeBufferPointer(start: start, count: Int(count))))
        }
        guard !wish.protocols.isEmpty else { return nil }
        guard let chosen = negotiatedProtocol else {
            return wish.protocols.contains("http/1.1")
                ? nil
                : "AH10273: SSL Proxy: Peer did not select any of our ALPN protocols [\(wish.protocols[0])]."
        }
        return wish.protocols.contains(chosen)
            ? nil
            : "AH10274: SSL Proxy: Peer proposed ALPN protocol \(chosen) which is none of our proposals [\(wish.protocols[0])]."
    }
    private func outcome(_ ssl: OpaquePointer, _ result: Int32) -> IOResult {
        let trouble = unsafe SSLBytes.trouble(ssl, result)
        switch trouble {
        case .wantsInput, .wantsRoom:
            waitsForRoom = trouble == .wantsRoom
            return .wouldBlock
        case .end: return .bytes(0)
        case .broken, .failed:
            isBroken = true
            return .failed(.connectionReset)
        }
    }

    // MARK: Bytes

    func receive() -> IOResult { unsafe receive(place.loop.inputMemory) }
    func receive(into buffer: inout [UInt8], upTo limit: Int) -> IOResult {
        let all = unsafe place.loop.inputMemory
        let size = min(max(limit, 0), all.count)
        let memory = unsafe UnsafeMutableRawBufferPointer(rebasing: all[0..<size])
        let result = unsafe receive(memory)
        if case .bytes(let count) = result { unsafe buffer.append(contentsOf: memory[0..<count]) }
        return result
    }
    @unsafe private func receive(_ memory: UnsafeMutableRawBufferPointer) -> IOResult {
        guard let ssl = unsafe ssl, !isBroken else { return .failed(.brokenPipe) }
        if let result = unsafe shakeHands(ssl) { return result }
        // The handshake was all that was wanted.
        guard memory.count > 0 else { return .bytes(0) }
        let count = unsafe SSLBytes.read(ssl, memory)
        return count > 0 ? .bytes(Int(count)) : unsafe outcome(ssl, count)
    }
    func send(_ bytes: [UInt8], from offset: Int, more: Bool) -> IOResult {
        guard offset >= 0, offset < bytes.count else { return .bytes(0) }
        return unsafe bytes.withUnsafeBytes { unsafe write(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
    }
    func send(_ head: [UInt8], _ body: [UInt8], from offset: Int) -> IOResult {
        offset < head.count
            ? send(head, from: offset, more: true) : send(body, from: offset - head.count, more: false)
    }
    func sendFile(_ file: Int32, offset: Int64, count: Int) -> IOResult {
        var block: [UInt8] = []
        guard case .bytes(let got) = File.read(file, into: &block, count: min(count, 16384), offset: offset), got > 0
        else { return .bytes(0) }
        return send(block, from: 0, more: got < count)
    }
    private func write(_ bytes: UnsafeRawBufferPointer) -> IOResult {
        guard let ssl = unsafe ssl, !isBroken else { return .failed(.brokenPipe) }
        if let result = unsafe shakeHands(ssl) { return result }
        let count = unsafe SSLBytes.write(ssl, bytes)
        return count > 0 ? .bytes(Int(count)) : unsafe outcome(ssl, count)
    }

    // MARK: The end

    func shutdown() {
        guard let ssl = unsafe ssl, isEstablished, !isBroken else { return }
        ERR_clear_error()
        unsafe _ = SSL_shutdown(ssl)
    }
    func end() {
        if let ssl = unsafe ssl { unsafe SSL_free(ssl) }
        unsafe ssl = nil
    }
}
