import Bytes
import Testing

@testable import Kernel

struct SocketAddressTests {
    @Test(
        arguments: [
            ("127.0.0.1", "127.0.0.1", true), ("127.255.1.2", "127.255.1.2", true), ("0.0.0.0", "0.0.0.0", false),
            ("255.255.255.255", "255.255.255.255", false), ("::1", "::1", true), ("::", "::", false),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1", false), ("::ffff:10.1.2.3", "10.1.2.3", false),
            ("::ffff:127.0.0.1", "127.0.0.1", true), ("fe80::1:2", "fe80::1:2", false),
        ] as [(ByteString, ByteString, Bool)])
    func parsesAndPrints(text: ByteString, printed: ByteString, loopback: Bool) throws {
        let address = try #require(SocketAddress(text, port: 80))
        #expect(address.text == printed)
        #expect(address.isLoopback == loopback)
        #expect(address.port == 80)
        #expect(SocketAddress(bytes: address.bytes, port: 80) == address)
    }
    @Test(
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", "01.2.3.4", "localhost", "[::1]", ":::", "1::2::3",
            "fe80::1%nosuch", "::1\0", "12345::",
        ] as [ByteString])
    func refuses(text: ByteString) {
        #expect(SocketAddress(text, port: 0) == nil)
    }
    @Test func bytesAreInNetworkOrder() throws {
        let v4 = try #require(SocketAddress("1.2.3.4", port: 0))
        #expect(v4.bytes == [1, 2, 3, 4])
        #expect((0..<5).map(v4.byte) == [1, 2, 3, 4, 0])
        let v6 = try #require(SocketAddress("102:304:506:708:90a:b0c:d0e:f10", port: 0))
        #expect(v6.bytes == Array(1...16))
        #expect((0..<16).map(v6.byte) == Array(1...16))
        let mapped = try #require(SocketAddress("::ffff:1.2.3.4", port: 9))
        #expect(mapped.isIPv6 && mapped.unmapped.bytes == [1, 2, 3, 4])
        #expect(mapped.hasSameHost(as: v4) && mapped != v4)
    }
    @Test func printsPorts() throws {
        #expect(SocketAddress.loopback(port: 8080).textWithPort == "127.0.0.1:8080")
        #expect(SocketAddress.anyV6(port: 443).textWithPort == "[::]:443")
    }
    @Test func takesFourOrSixteenBytesOnly() {
        for count in 0..<20 {
            #expect(
                (SocketAddress(bytes: Array(repeating: 1, count: count), port: 1) != nil) == (count == 4 || count == 16)
            )
        }
    }
}
