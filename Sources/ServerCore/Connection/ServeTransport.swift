// Apache: server/connection.c (ap_process_connection, ap_switch_protocol), server/core.c (core_upgrade_handler)

import Bytes
import EventLoop
import HTTP
import Kernel

/// Connections that are not plain HTTP/1 over a socket: those with a transport, and those with a session.
extension Worker {
    func transport(_ channel: Channel) -> (any Transport)? {
        let index = Int(channel.index)
        return index < transports.count ? transports[index] : nil
    }
    func session(_ channel: Channel) -> (any ConnectionSession)? {
        let index = Int(channel.index)
        return index < sessions.count ? sessions[index] : nil
    }
    /// The bytes of a connection.
    func stream(_ channel: Channel) -> ClientStream {
        ClientStream(loop: loop, channel: channel, transport: transport(channel))
    }
    /// ``Transport/sharing`` of the connection at `index`.
    func sharing(_ index: Int) -> UInt32? {
        guard index < parked.count, parked[index].hasTransport else { return 0 }
        return transports[index]?.sharing
    }
    /// Servers of the connection's address, the default first.
    public func candidates(of channel: Channel) -> [Server] { candidates(parked[Int(channel.index)].candidates) }
    /// The same for a stream: with a client that takes pushed answers, other variables are set.
    func sharing(_ index: Int, _ facts: StreamFacts?) -> UInt32? {
        guard let facts, facts.mayPush else { return sharing(index) }
        return sharing(index).map { $0 | 1 << 31 }
    }
    func attach(_ transport: any Transport, to index: Int) {
        while transports.count <= index { transports.append(nil) }
        transports[index] = transport
        parked[index].hasTransport = true
    }
    /// Takes transport and session from a connection that ends.
    func detach(_ channel: Channel) {
        let index = Int(channel.index)
        if parked[index].hasTransport {
            transports[index] = nil
            parked[index].hasTransport = false
        }
        if parked[index].hasSession {
            sessions[index] = nil
            parked[index].hasSession = false
        }
    }
    /// Closes without another word.
    func closeNow(_ channel: Channel) {
        let transport = transport(channel)
        detach(channel)
        loop.close(channel)
        transport?.end()
    }

    /// A parked connection that has more than a socket has input.
    func wakeOther(_ channel: Channel) {
        if let session = session(channel) { return session.readable() }
        guard let transport = transport(channel) else { return drop(channel) }
        let wasEstablished = transport.isEstablished
        let result = transport.receive()
        if !wasEstablished, transport.isEstablished, established(channel, transport, result) { return }
        switch result {
        case .bytes(0), .failed: drop(channel)
        case .wouldBlock: if transport.waitsForRoom { waitForRoom(channel) }
        case .bytes(let count):
            answer(channel, count)
            // What the transport still holds comes in the next turn; a task takes it by itself.
            if self.transport(channel) === transport, transport.hasPendingInput { loop.recall(channel) }
        }
    }
    /// The handshake is done; true: the connection speaks another protocol.
    private func established(_ channel: Channel, _ transport: any Transport, _ result: IOResult) -> Bool {
        let state = parked[Int(channel.index)]
        let server = candidates(state.candidates)[0]
        loop.setDeadline(channel, milliseconds: firstWait(server, isSecure: false))
        guard let name = transport.negotiatedProtocol, name != "http/1.1" else { return false }
        guard let offered = configuration.hooks.protocols.first(where: { $0.name == name }) else { return false }
        var input: [UInt8] = []
        switch result {
        case .bytes(0), .failed: return false
        case .bytes(let count): loop.withInput(count) { input.append($0, 0..<$0.count) }
        case .wouldBlock: break
        }
        if let session = offered.open(facts(of: channel), stream(channel), input) {
            begin(session, channel)
        } else {
            drop(channel)
        }
        return true
    }
    /// What is to be sent before the handshake goes on does not fit.
    private func waitForRoom(_ channel: Channel) {
        loop.unpark(channel)
        let server = candidates(parked[Int(channel.index)].candidates)[0]
        let timeout = firstWait(server, isSecure: true)
        loop.spawnLocal { [self] in
            do throws(IOError) {
                try await loop.waitWritable(channel, timeout: timeout)
            } catch { return drop(channel) }
            loop.park(channel, deadline: timeout)
            wakeOther(channel)
        }
    }
    /// mod_reqtimeout's word on a handshake that took too long.
    func handshakeTimeout(_ channel: Channel) {
        let connection = facts(of: channel)
        guard configuration.readTimeout(connection.baseServer).handshake.initial > 0 else { return }
        connection.log(.info, "reqtimeout", "AH01382: Request handshake read timeout")
    }
    /// Facts of a connection that has no request.
    public func facts(of channel: Channel) -> Connection {
        let state = parked[Int(channel.index)]
        let connection = Connection(
            worker: self, channel: channel, localAddress: state.local, remoteAddress: state.remote,
            candidates: candidates(state.candidates), keepAlives: Int(state.keepAlives), id: state.id)
        connection.hasLogged = state.hasLogged
        connection.transport = transport(channel)
        return connection
    }

    // MARK: Other protocols

    /// Gives a parked connection to a session.
    private func begin(_ session: any ConnectionSession, _ channel: Channel) {
        let index = Int(channel.index)
        guard loop.isOpen(channel) else { return }
        while sessions.count <= index { sessions.append(nil) }
        sessions[index] = session
        parked[index].hasSession = true
        loop.recall(channel)
        if isStopping { session.childStops() }
    }
    /// A session is over: its connection is closed. `linger`: something may still be under way to the client.
    public func end(_ channel: Channel, linger: Bool) {
        guard loop.isOpen(channel) else { return }
        markIdle(channel, false)
        if linger { finishConnection(channel, clientEnds: false) } else { closeNow(channel) }
        ended()
    }
    /// Whether a new connection begins with the preface of a protocol that its server speaks; then a session has it.
    func beginsOtherwise(_ connection: Connection, _ reader: ConnectionReader) async -> Bool {
        for offered in configuration.hooks.protocols
        where !offered.preface.isEmpty && (offered.name == "h2c") != connection.isSecure {
            guard connection.baseServer.allowedProtocols.contains(offered.name) else { continue }
            guard await hasPreface(offered.preface, reader) else { continue }
            loop.park(connection.channel, deadline: reader.timeout)
            guard let session = offered.open(connection, reader.stream, reader.buffer) else {
                loop.unpark(connection.channel)
                return false
            }
            begin(session, connection.channel)
            return true
        }
        return false
    }
    private func hasPreface(_ preface: [UInt8], _ reader: ConnectionReader) async -> Bool {
        while true {
            guard !reader.buffer.isEmpty else { return false }
            let count = min(preface.count, reader.buffer.count)
            for index in 0..<count where preface[index] != reader.buffer[index] { return false }
            if count == preface.count { return true }
            guard let more = try? await reader.fill(), more else { return false }
        }
    }
    /// Changes to the protocol that a request asks for with `Upgrade`, where its server speaks it; nil: it does not.
    func upgrade(_ request: Request, _ reader: ConnectionReader) async -> RequestEnd? {
        guard !configuration.hooks.protocols.isEmpty, let wanted = request.headersInStorage["Upgrade"],
            let said = request.headersInStorage["Connection"], FieldList.hasToken(said, "upgrade")
        else { return nil }
        let offers = wanted.bytes.split(separator: UInt8(ascii: ",")).map { ByteString(Array($0)).trimmed() }
        guard let name = request.server.selectProtocol(offers, isSecure: request.connection.isSecure),
            let upgrade = configuration.hooks.protocols.first(where: { $0.name == name })?.upgrade
        else { return nil }
        reader.compact()
        let channel = request.connection.channel
        // <Location> may forbid or allow it.
        locationWalk(request)
        guard let session = await upgrade(request, reader.stream, reader.buffer) else {
            request.perDirectory = request.server.lookupDefaults
            return nil
        }
        // The request goes on as the session's; this much of it is over.
        request.status = 101
        finish(request)
        request.letGo()
        loop.park(channel, deadline: reader.timeout)
        begin(session, channel)
        return .changed
    }
}
