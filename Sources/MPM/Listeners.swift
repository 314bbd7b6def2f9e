// Apache: server/listen.c

import Bytes
import Kernel
import ServerCore

/// The sockets of one generation. A new generation takes over those that it shares with the old one, so that no
/// connection waiting in a queue is lost.
struct Listeners: Sendable {
    struct Listener: Sendable {
        let address: SocketAddress
        let descriptor: Int32
    }
    private(set) var list: [Listener] = []
    var descriptors: [Int32] { list.map(\.descriptor) }

    /// Why a socket could not be had; the lines are for standard error or the log.
    struct Failure: Error {
        var lines: [String]
    }

    init() {}

    /// Opens what `settings` asks for and `old` does not have.
    /// - Throws: After closing what it had opened anew.
    init(_ settings: ProcessSettings, reusing old: Listeners) throws(Failure) {
        var opened: [Listener] = []
        var lines: [String] = []
        for listen in settings.listens {
            if let found = Self.listener(for: listen, in: old.list) {
                Socket.setDeferAccept(found.descriptor, settings.deferAcceptSeconds(listen.scheme) ?? 0)
                list.append(found)
                continue
            }
            guard let new = Self.open(listen, settings, &lines) else {
                for listener in opened { File.close(listener.descriptor) }
                throw Failure(lines: lines)
            }
            opened.append(new)
            list.append(new)
        }
        guard !list.isEmpty else { throw Failure(lines: lines) }
    }

    /// Closes what `next` does not use.
    func close(except next: Listeners) {
        for listener in list where !next.list.contains(where: { $0.descriptor == listener.descriptor }) {
            File.close(listener.descriptor)
        }
    }

    private static func listener(for listen: Listen, in list: [Listener]) -> Listener? {
        let wanted =
            listen.address.map { [$0] } ?? [.anyV6(port: listen.port), .anyV4(port: listen.port)]
        return list.first { listener in wanted.contains(listener.address) }
    }
    /// An address as given, or every address: IPv6 first, which takes IPv4 too, then IPv4 alone (open_listeners).
    private static func open(_ listen: Listen, _ settings: ProcessSettings, _ lines: inout [String]) -> Listener? {
        if let address = listen.address { return bind(address, listen, settings, &lines) }
        if Socket.hasIPv6, let found = bind(.anyV6(port: listen.port), listen, settings, &lines) { return found }
        return bind(.anyV4(port: listen.port), listen, settings, &lines)
    }
    private static func bind(
        _ address: SocketAddress, _ listen: Listen, _ settings: ProcessSettings, _ lines: inout [String]
    ) -> Listener? {
        var options = Socket.ListenOptions()
        options.backlog = Int32(clamping: settings.listenBacklog)
        options.deferAcceptSeconds = settings.deferAcceptSeconds(listen.scheme)
        do throws(Errno) {
            let socket = try Socket.listen(address, options: options)
            if settings.sendBufferSize > 0 {
                Socket.setSendBuffer(socket.raw, Int32(clamping: settings.sendBufferSize))
            }
            if settings.receiveBufferSize > 0 {
                Socket.setReceiveBuffer(socket.raw, Int32(clamping: settings.receiveBufferSize))
            }
            return Listener(address: address, descriptor: socket.take())
        } catch {
            let host = address.isIPv6 ? "[\(address.text)]" : "\(address.text)"
            lines.append(
                "(\(error.rawValue))\(error.description): AH00072: make_sock: could not bind to address \(host):\(address.port)"
            )
            return nil
        }
    }
}

extension ProcessSettings {
    /// `AcceptFilter`: any filter but `none` waits for the client's first bytes (TCP_DEFER_ACCEPT).
    func deferAcceptSeconds(_ scheme: ByteString?) -> Int32? {
        guard let filter = acceptFilters[scheme ?? "http"], filter != "none" else { return nil }
        return Int32(clamping: deferAccept)
    }
}
