// Apache: modules/cache/mod_socache_shmcb.c, modules/ssl/ssl_engine_kernel.c

import Bytes
import Testing

@testable import ModuleTLS

@Suite struct SessionCacheTests {
    /// Sizes that fit into small places, large places and none.
    @Test(arguments: [(1, true), (200, true), (352, true), (353, true), (4064, true), (4065, false)])
    func sizes(_ size: Int, _ isKept: Bool) throws {
        let cache = try SessionCache(size: 512_000)
        let session = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        cache.insert([1, 2, 3], session, end: 100, now: 10)
        #expect(cache.find([1, 2, 3], now: 10) == (isKept ? session : nil))
        #expect(cache.find([1, 2, 4], now: 10) == nil)
    }
    @Test func endsAndIsRemoved() throws {
        let cache = try SessionCache(size: 8192)
        cache.insert([7], [1, 2], end: 100, now: 10)
        #expect(cache.find([7], now: 99) == [1, 2])
        #expect(cache.find([7], now: 100) == nil)
        cache.remove([7])
        #expect(cache.find([7], now: 10) == nil)
    }
    /// A full cache forgets sessions, and never gives the wrong one.
    @Test func manySessions() throws {
        let cache = try SessionCache(size: 8192)
        for number in 0..<2000 {
            let id = [UInt8(number & 255), UInt8(number >> 8)]
            cache.insert(id, id + [9], end: UInt64(1000 + number), now: 10)
            #expect(cache.find(id, now: 10) == id + [9])
        }
        for number in 0..<2000 {
            let id = [UInt8(number & 255), UInt8(number >> 8)]
            if let found = cache.find(id, now: 10) { #expect(found == id + [9]) }
        }
    }
}

@Suite struct TicketKeysTests {
    /// Keys as numbers: the n-th random block is n, n, n …
    final class Source {
        var number: UInt8 = 0
        func next(_ count: Int) -> [UInt8] {
            number += 1
            return [UInt8](repeating: number, count: count)
        }
    }
    @Test func rotation() throws {
        let source = Source()
        let keys = try TicketKeys(random: source.next, now: 0)
        func name(_ number: UInt8) -> [UInt8] { [UInt8](repeating: number, count: 16) }
        #expect(keys.current(random: source.next, now: 3599)?.name == name(1))
        #expect(keys.current(random: source.next, now: 3600)?.name == name(2))
        #expect(keys.find(name(1))?.isOld == true)
        #expect(keys.find(name(2))?.isOld == false)
        #expect(keys.current(random: source.next, now: 7200)?.name == name(3))
        #expect(keys.find(name(1))?.isOld == true)
        #expect(keys.current(random: source.next, now: 10800)?.name == name(4))
        #expect(keys.find(name(1)) == nil)
        #expect(keys.find(name(2))?.isOld == true)
    }
    /// Whoever has no random bytes keeps the key.
    @Test func noRandomness() throws {
        let source = Source()
        let keys = try TicketKeys(random: source.next, now: 0)
        #expect(keys.current(random: { _ in [] }, now: 9999)?.name.first == 1)
    }
    @Test func file() throws {
        let keys = try TicketKeys(file: (0..<48).map { UInt8($0) })
        let key = keys.current(random: { _ in [] }, now: 1 << 40)
        #expect(key?.name == Array(0..<16))
        #expect(key?.encryption == Array(32..<48))
    }
}

@Suite struct ClientHelloTests {
    /// Extension bodies of server_name (RFC 6066, section 3).
    @Test(
        arguments: [
            ([0, 6, 0, 0, 3, 0x41, 0x2E, 0x62], "a.b"), ([0, 6, 0, 0, 3, 0x41, 0x2E], nil), ([], nil),
            ([0, 3, 0, 0, 0], nil), ([0, 4, 1, 0, 1, 0x61], nil), ([0, 4, 0, 0, 1, 0], nil),
            ([0, 4, 0, 0xFF, 0xFF, 0x61], nil),
        ] as [([UInt8], ByteString?)])
    func serverName(_ bytes: [UInt8], _ name: ByteString?) {
        #expect(TLSCallbacks.hostName(bytes) == name)
    }
    @Test(
        arguments: [
            ([2, 0x68, 0x32, 1, 0x61], ["h2", "a"]), ([2, 0x68], []), ([0, 1, 0x61], []), ([1, 0x61, 9, 0x62], ["a"]),
        ] as [([UInt8], [ByteString])])
    func protocols(_ bytes: [UInt8], _ names: [ByteString]) {
        #expect(TLSCallbacks.protocols(bytes) == names)
    }
    @Test func versions() {
        #expect(TLSVersions([.tls12, .tls13]).lowest == 0x303)
        #expect(TLSVersions([.tls10, .tls12]).highest == 0x303)
        #expect(TLSVersions([]).lowest == 0)
    }
}
