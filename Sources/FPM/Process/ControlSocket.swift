// PHP: no counterpart
import Bytes
import Kernel

/// The socket through which root tells a running supervisor about single pools.
///
/// A command is one line, the answer is text up to the end of the connection: `ok`, `error: …`, or a page.
public final class ControlSocket {
    let listener: Int32
    let path: ByteString
    var clients: [Int32: Client] = [:]

    struct Client {
        var input: [UInt8] = []
        var output: [UInt8] = []
        var sent = 0
    }
    private static let mostClients = 16
    private static let longestCommand = 1024

    /// Where the socket of a supervisor is: beside its pid file, else in /run for root; nil without either.
    public static func path(pidFile: ByteString?) -> ByteString? {
        if let pidFile {
            return (pidFile.hasSuffix(".pid") ? pidFile.upTo(pidFile.count - 4) : pidFile) + ".control"
        }
        return Process.userID == 0 ? "/run/martinet-fpm/control" : nil
    }

    /// Binds the socket, for its owner only. Fails with `addressInUse` where another supervisor listens.
    init(_ path: ByteString) throws(Errno) {
        if let slash = path.bytes.lastIndex(of: UInt8(ascii: "/")), slash > 0, !File.exists(path.upTo(slash)) {
            try Directory.make(path.upTo(slash), mode: 0o700)
        }
        if let other = try? Socket.connect(.unix(path)) {
            _ = other
            throw .addressInUse
        }
        let mask = Process.setUmask(0o177)
        defer { Process.setUmask(mask) }
        listener = try Socket.listenUnix(path, mode: 0o600, backlog: 16).take()
        self.path = path
    }
    func close() {
        for client in clients.keys { File.close(client) }
        clients = [:]
        File.close(listener)
        try? File.unlink(path)
    }
    /// A client of root or of our own user; nil when there is none, or another's.
    func accept() -> Int32? {
        guard let connection = try? Socket.accept(listener) else { return nil }
        let user = try? Socket.peerUser(connection.descriptor)
        guard user == 0 || user == Process.userID, clients.count < Self.mostClients else {
            File.close(connection.descriptor)
            return nil
        }
        clients[connection.descriptor] = Client()
        return connection.descriptor
    }
    /// The command, once its line is complete. Throws when the client has gone or says too much.
    func read(_ descriptor: Int32) throws(Errno) -> ByteString? {
        var input = clients[descriptor]?.input ?? []
        switch Socket.receive(descriptor, into: &input, upTo: Self.longestCommand) {
        case .bytes(0): throw .connectionReset
        case .bytes: break
        case .wouldBlock: return nil
        case .failed(let error): throw error
        }
        clients[descriptor]?.input = input
        if let end = input.firstIndex(of: 10) { return ByteString(input[..<end]).trimmed() }
        if input.count > Self.longestCommand { throw .invalid }
        return nil
    }
    /// Sends what there is. True when all of it was sent.
    func write(_ descriptor: Int32) throws(Errno) -> Bool {
        guard var client = clients[descriptor] else { return true }
        defer { clients[descriptor] = client }
        while client.sent < client.output.count {
            switch Socket.send(descriptor, client.output, from: client.sent) {
            case .bytes(let count): client.sent += count
            case .wouldBlock: return false
            case .failed(let error): throw error
            }
        }
        return true
    }

    /// Sends a command to the supervisor that listens at `path` and waits for its answer, which ends with a line feed.
    public static func ask(_ path: ByteString, _ command: ByteString) throws(Errno) -> ByteString {
        let socket = try Socket.connect(.unix(path))
        File.setNonBlocking(socket.raw, false)
        try File.writeAll(socket.raw, command.bytes + [10])
        var answer: [UInt8] = []
        while true {
            switch File.read(socket.raw, into: &answer, count: 65_536) {
            case .bytes(0): return ByteString(answer)
            case .bytes: continue
            case .wouldBlock: throw .wouldBlock
            case .failed(let error): throw error
            }
        }
    }
}

extension Supervisor {
    func openControlSocket() {
        guard control == nil, let path = options.controlPath else { return }
        do throws(Errno) {
            let socket = try ControlSocket(path)
            control = socket
            try watch(.control, socket.listener)
        } catch { log(.debug, "no control socket (\(path))", error) }
    }
    func closeControlSocket() {
        guard let control else { return }
        for client in control.clients.keys { epoll.remove(client) }
        epoll.remove(control.listener)
        control.close()
        self.control = nil
    }
    func acceptCommand() {
        guard let client = control?.accept() else { return }
        try? watch(.controlClient, client)
    }
    /// A client has said something, or has room for more of its answer.
    func readCommand(_ client: Int32) {
        guard let control, control.clients[client] != nil else { return }
        do throws(Errno) {
            if control.clients[client]?.output.isEmpty == true {
                guard let command = try control.read(client) else { return }
                log(.debug, "control: \(command)")
                let answer = obey(command)
                guard self.control != nil else { return }
                control.clients[client]?.output = answer.bytes
            }
            if try !control.write(client) {
                let data = Source.controlClient.rawValue << 32 | UInt64(UInt32(bitPattern: client))
                try epoll.modify(client, Epoll.Mask.writable, data: data)
                return
            }
        } catch { log(.debug, "control", error) }
        epoll.remove(client)
        File.close(client)
        control.clients[client] = nil
    }
}
