// PHP: sapi/fpm/fpm/fpm_sockets.c
import Bytes
import Kernel

/// Makes listening sockets, takes over those of the program before a reload, and hands them on.
///
/// Sockets are non-blocking and closed on exec. Who gets one owns it; what is not taken stays here until ``dropUnused()``.
public final class ListeningSockets {
    /// A socket of the program that executed this one.
    private struct Inherited {
        let key: ByteString
        let descriptor: Int32
    }
    private let log: ErrorLog
    private var inherited: [Inherited] = []
    /// A socket that was given out.
    private struct Given {
        /// As the pool writes its address, and as `FPM_SOCKETS` does.
        let listen: ByteString?
        let key: ByteString
        let descriptor: Int32
    }
    private var given: [Given] = []

    public init(_ log: ErrorLog) { self.log = log }

    // MARK: Over an exec

    /// php-fpm's limits: sockets in one variable, and variables.
    private static let perVariable = 128
    private static let variables = 256
    private static func variable(_ index: Int) -> ByteString {
        index == 0 ? "FPM_SOCKETS" : "FPM_SOCKETS_\(index)"
    }

    /// Reads `FPM_SOCKETS`, `FPM_SOCKETS_1` and so on, and takes them out of the environment.
    public func inherit() {
        for index in 0..<ListeningSockets.variables {
            let name = ListeningSockets.variable(index)
            guard let list = Environment.get(name) else { break }
            Environment.remove(name)
            for item in list.split(on: UInt8(ascii: ",")) {
                guard let equals = item.firstIndex(of: UInt8(ascii: "=")) else { continue }
                inherit(item.upTo(equals), Int32(truncatingIfNeeded: item.from(equals + 1).leadingInteger))
            }
        }
    }
    private func inherit(_ key: ByteString, _ descriptor: Int32) {
        // What is no socket was never ours.
        guard descriptor > 2, let status = try? FileStatus(descriptor: descriptor), status.kind == .socket else {
            return
        }
        log(.notice, "using inherited socket fd=\(descriptor), \"\(key)\"")
        File.setCloseOnExec(descriptor, true)
        File.setNonBlocking(descriptor, true)
        inherited.append(Inherited(key: key, descriptor: descriptor))
    }

    /// Puts sockets into the environment and keeps them open for the program that is executed next.
    public func handOver(_ sockets: [(pool: PoolConfig, listener: Int32)]) {
        var items: [ByteString] = []
        for (pool, listener) in sockets {
            guard let known = given.first(where: { $0.listen == pool.listen }) else { continue }
            File.setCloseOnExec(listener, false)
            items.append("\(known.key)=\(listener)")
        }
        var index = 0
        while index < ListeningSockets.variables, index * ListeningSockets.perVariable < items.count {
            let start = index * ListeningSockets.perVariable
            let set = items[start..<Swift.min(start + ListeningSockets.perVariable, items.count)]
            Environment.set(ListeningSockets.variable(index), ByteString(set.map(\.bytes).joined(separator: [44])))
            index += 1
        }
        Environment.remove(ListeningSockets.variable(index))
    }

    /// Closes inherited sockets that no pool wanted, and removes their files.
    public func dropUnused() {
        for socket in inherited {
            File.close(socket.descriptor)
            removeFile(socket.key)
        }
        inherited = []
    }

    // MARK: For a pool

    /// A pool's socket, inherited or new. The caller owns it.
    /// - Returns: nil after logging what was wrong.
    public func open(_ pool: PoolConfig) -> Int32? {
        switch ListenAddress(pool.listen ?? "") {
        case .unix(let path): return openUnix(path, pool)
        case .internet(let host, let port, let number):
            guard (1...65535).contains(number), let short = UInt16(exactly: number) else {
                log(.error, "invalid port value '\(port)'")
                return nil
            }
            guard port.allSatisfy(ASCII.isDigit) else {
                log(.error, "getaddrinfo: Servname not supported for ai_socktype\n")
                return nil
            }
            if let host { return openInternet(host, short, pool) }
            // "::" takes both families. Where it does not work nothing is said.
            let level = log.level
            log.level = .alert
            let both = openInternet("::", short, pool)
            log.level = level
            if let both { return both }
            log(.notice, "Failed implicitly binding to ::, retrying with 0.0.0.0")
            return openInternet("0.0.0.0", short, pool)
        }
    }

    /// A pool has closed its socket for good: the file of a unix socket is removed.
    public func release(_ pool: PoolConfig) {
        guard let index = given.firstIndex(where: { $0.listen == pool.listen }) else { return }
        removeFile(given.remove(at: index).key)
    }
    /// Unless another pool has the address by now.
    private func removeFile(_ key: ByteString) {
        if !ListenAddress.isInternet(key), !given.contains(where: { $0.key == key }) { try? File.unlink(key) }
    }

    private func openInternet(_ host: ByteString, _ port: UInt16, _ pool: PoolConfig) -> Int32? {
        let addresses: [SocketAddress]
        do throws(Resolver.Failure) {
            addresses = try Resolver.addresses(of: host, port: port)
        } catch {
            log(.error, "getaddrinfo: \(error)\n")
            return nil
        }
        var result: Int32?
        for address in addresses {
            if result != nil {
                log(.warning, "Found multiple addresses for \(host), \(address.text) ignored")
                continue
            }
            result = socket("\(address.text):\(address.port)", pool) { () throws(Errno) in
                var options = Socket.ListenOptions()
                options.backlog = pool.listenBacklog
                return try Socket.listen(address, options: options).take()
            }
            if result != nil { log(.debug, "Found address for \(host), socket opened on \(address.text)") }
        }
        return result
    }

    private func openUnix(_ path: ByteString, _ pool: PoolConfig) -> Int32? {
        guard let permissions = SocketPermissions(pool, log) else { return nil }
        if let known = existing(path, pool) { return known }
        if (try? Socket.connect(.unix(path))) != nil {
            log(.error, "Another FPM instance seems to already listen on \(path)")
            return nil
        }
        guard
            let made = socket(
                path, pool,
                { () throws(Errno) in
                    let mask = Process.setUmask(0o777 & ~permissions.mode)
                    defer { Process.setUmask(mask) }
                    return try Socket.listenUnix(path, mode: permissions.mode, backlog: pool.listenBacklog).take()
                })
        else { return nil }
        if permissions.apply(to: path, pool, log) { return made }
        File.close(made)
        release(pool)
        return nil
    }

    /// An inherited socket, or another number for one that a pool has already.
    private func existing(_ key: ByteString, _ pool: PoolConfig) -> Int32? {
        var found: Int32?
        if let index = inherited.firstIndex(where: { $0.key == key }) {
            found = inherited.remove(at: index).descriptor
        } else if let known = given.first(where: { $0.key == key }) {
            let copy = Descriptor.duplicate(of: known.descriptor)
            found = copy < 0 ? nil : copy
        }
        if let found { given.append(Given(listen: pool.listen, key: key, descriptor: found)) }
        return found
    }

    private func socket(_ key: ByteString, _ pool: PoolConfig, _ make: () throws(Errno) -> Int32) -> Int32? {
        if let known = existing(key, pool) { return known }
        do throws(Errno) {
            let made = try make()
            given.append(Given(listen: pool.listen, key: key, descriptor: made))
            return made
        } catch {
            if error == .familyNotSupported {
                log(.error, "failed to create new listening socket: socket()", error)
            } else {
                log(.error, "unable to bind listening socket for address '\(pool.listen ?? "")'", error)
            }
            return nil
        }
    }
}
