// Apache: modules/ssl/ssl_engine_kernel.c (ssl_callback_*SessionCacheEntry, ssl_callback_SessionTicket)

import Bytes
import CTLS
import Kernel

/// How OpenSSL keeps sessions: in our cache, or sealed in tickets that clients keep.
enum SessionCallbacks {
    static func random(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = unsafe bytes.withUnsafeMutableBufferPointer { unsafe RAND_bytes($0.baseAddress, Int32(count)) }
        return done == 1 ? bytes : []
    }
    static var now: UInt64 { UInt64(clamping: RealTime.now / 1_000_000) }

    static func installTickets(_ context: OpaquePointer) {
        unsafe _ = ctls_ctx_ticket(context) { ssl, name, iv, cipher, mac, isNew in
            unsafe SessionCallbacks.ticket(ssl, name, iv, cipher, mac, isNew)
        }
    }
    private static func ticket(
        _ ssl: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?, _ iv: UnsafeMutablePointer<UInt8>?,
        _ cipher: OpaquePointer?, _ mac: OpaquePointer?, _ isNew: Int32
    ) -> Int32 {
        guard let keys = unsafe TLSContext.owner(of: ssl)?.tickets, let name = unsafe name, let iv = unsafe iv else {
            return -1
        }
        if isNew == 1 {
            guard let key = keys.current(random: random, now: now), unsafe RAND_bytes(iv, 16) == 1 else { return -1 }
            for (index, byte) in key.name.enumerated() { unsafe name[index] = byte }
            guard unsafe ctls_ticket_cipher(cipher, key.encryption, Int32(key.encryption.count), iv, 1) == 1,
                unsafe ctls_ticket_mac(mac, key.authentication, key.authentication.count) == 1
            else { return -1 }
            return 1
        }
        let wanted = unsafe Array(UnsafeBufferPointer(start: name, count: 16))
        guard let found = keys.find(wanted) else { return 0 }
        guard unsafe ctls_ticket_cipher(cipher, found.key.encryption, Int32(found.key.encryption.count), iv, 0) == 1,
            unsafe ctls_ticket_mac(mac, found.key.authentication, found.key.authentication.count) == 1
        else { return -1 }
        // Under TLS 1.3 each ticket is good for one connection (RFC 8446 appendix C.4): 2 asks for the next one. OpenSSL's
        // own keys do the same. It also acknowledges the client's Finished, for which clients may hold back their request.
        return unsafe found.isOld || SSL_version(ssl) >= 0x304 ? 2 : 1
    }

    static func installCache(_ context: OpaquePointer) {
        unsafe SSL_CTX_sess_set_new_cb(context) { ssl, session in
            unsafe SessionCallbacks.keep(ssl, session)
            return 0
        }
        unsafe SSL_CTX_sess_set_get_cb(context) { ssl, id, count, copy in
            unsafe copy?.pointee = 0
            return unsafe SessionCallbacks.recall(ssl, id, count)
        }
        unsafe SSL_CTX_sess_set_remove_cb(context) { context, session in
            guard let cache = unsafe TLSContext.owner(ofContext: context)?.sessions, let session = unsafe session else {
                return
            }
            cache.remove(unsafe SessionCallbacks.id(session))
        }
    }
    @unsafe private static func id(_ session: OpaquePointer) -> [UInt8] {
        var count: UInt32 = 0
        guard let start = unsafe SSL_SESSION_get_id(session, &count) else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }
    private static func keep(_ ssl: OpaquePointer?, _ session: OpaquePointer?) {
        guard let cache = unsafe TLSContext.owner(of: ssl)?.sessions, let session = unsafe session else { return }
        // Under TLS 1.3 with tickets the client keeps all of it.
        if unsafe SSL_version(ssl) >= 0x304, unsafe SSL_get_options(ssl) & (1 << 14) == 0 { return }
        let size = unsafe i2d_SSL_SESSION(session, nil)
        guard size > 0, size <= 4096 else { return }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            var at = buffer.baseAddress
            unsafe _ = i2d_SSL_SESSION(session, &at)
        }
        let end = now &+ UInt64(clamping: unsafe SSL_SESSION_get_timeout(session))
        cache.insert(unsafe id(session), bytes, end: end, now: now)
    }
    private static func recall(_ ssl: OpaquePointer?, _ id: UnsafePointer<UInt8>?, _ count: Int32) -> OpaquePointer? {
        guard let cache = unsafe TLSContext.owner(of: ssl)?.sessions, let id = unsafe id, count > 0 else { return nil }
        let name = unsafe Array(UnsafeBufferPointer(start: id, count: Int(count)))
        guard let bytes = cache.find(name, now: now) else { return nil }
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            var at = buffer.baseAddress
            return unsafe d2i_SSL_SESSION(nil, &at, buffer.count)
        }
    }
}

extension TLSContext {
    static func owner(ofContext context: OpaquePointer?) -> TLSContext? {
        guard let context = unsafe context, let owner = unsafe ctls_ctx_owner(context) else { return nil }
        return unsafe Unmanaged<TLSContext>.fromOpaque(owner).takeUnretainedValue()
    }
    static func owner(of ssl: OpaquePointer?) -> TLSContext? {
        guard let ssl = unsafe ssl else { return nil }
        return unsafe owner(ofContext: SSL_get_SSL_CTX(ssl))
    }
    /// Sessions are kept as the server's directives say.
    func installSessions(_ cache: SessionCache?, tickets: TicketKeys?) {
        sessions = cache
        self.tickets = tickets
        unsafe _ = ctls_ctx_cache_mode(
            context, Int(cache == nil ? SSL_SESS_CACHE_OFF : SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL))
        if cache != nil { unsafe SessionCallbacks.installCache(context) }
        if tickets != nil { unsafe SessionCallbacks.installTickets(context) }
    }
}
