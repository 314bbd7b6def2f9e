// Apache: server/util.c (ap_get_local_host)
import Bytes
import Glibc

public enum HostName {
    /// `gethostname`; nil when it cannot be had.
    public static var short: ByteString? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 257) { room in
            guard let start = room.baseAddress, unsafe gethostname(start, 256) == 0 else { return nil }
            unsafe start[256] = 0
            return unsafe ByteString(cString: start)
        }
    }
    /// A name with a dot, found by resolving this host's name and its addresses; nil when there is none. It may block.
    public static var fullyQualified: ByteString? {
        guard let short else { return nil }
        if short.contains(UInt8(ascii: ".")) { return short }
        guard let addresses = try? Resolver.addresses(of: short) else { return nil }
        for address in addresses {
            if let name = Resolver.name(of: address), name.contains(UInt8(ascii: ".")) { return name }
        }
        return nil
    }
}
