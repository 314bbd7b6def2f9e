// Apache: modules/ssl/ssl_util_ocsp.c (modssl_dispatch_ocsp_request)

import Bytes
import EventLoop
import Kernel
import ServerCore

/// Asks OCSP responders, on the loop and without ever blocking it.
struct ResponderClient {
    let loop: EventLoop
    let url: ResponderURL
    let proxy: ResponderURL?
    /// Milliseconds for all of it.
    let timeout: UInt64
    let log: (LogLevel, ByteString) -> Void

    static let headLimit = 256 * 8192
    static let contentLimit = 2048 * 1024

    /// The responder's answer (DER), or nil when there is none; why is logged.
    func ask(_ question: [UInt8]) async -> [UInt8]? {
        let end = loop.milliseconds &+ timeout
        guard let channel = await connect(until: end) else { return nil }
        defer { loop.close(channel) }
        log(.debug, "AH01975: sending request to OCSP responder")
        do throws(IOError) {
            try await loop.sendAll(channel, url.post(question, throughProxy: proxy != nil), timeout: left(end))
        } catch {
            log(.error, "\(Self.text(error))AH01976: failed to send request to OCSP responder '\(url.hostInfo)'")
            return nil
        }
        return await receive(channel, until: end)
    }
    private func left(_ end: UInt64) -> UInt64 {
        let now = loop.milliseconds
        return now < end ? end - now : 1
    }
    private static func text(_ error: IOError) -> ByteString {
        switch error {
        case .timedOut: "(70007)The timeout specified has expired: "
        case .closed, .stopped: ""
        case .errno(let error): "(\(Int(error.rawValue)))\(ByteString(error.description)): "
        }
    }

    private func connect(until end: UInt64) async -> Channel? {
        let next = proxy ?? url
        let kind: ByteString = proxy == nil ? "OCSP responder" : "proxy"
        let (host, port) = (next.host, next.port)
        var addresses: [SocketAddress] = []
        if let literal = SocketAddress(host, port: port) {
            addresses = [literal]
        } else {
            addresses = await loop.blocking { (try? Resolver.addresses(of: host, port: port)) ?? [] }
        }
        guard !addresses.isEmpty else {
            log(.error, "AH01972: could not resolve address of \(kind) \(next.hostInfo)")
            return nil
        }
        log(.debug, "AH01973: connecting to \(kind) '\(url.hostInfo)'")
        var last: ByteString = ""
        for address in addresses where loop.milliseconds < end {
            do throws(IOError) {
                return try await loop.connect(.ip(address), timeout: left(end))
            } catch { last = Self.text(error) }
        }
        log(.error, "\(last)AH01974: could not connect to \(kind) '\(next.hostInfo)'")
        return nil
    }

    private func receive(_ channel: Channel, until end: UInt64) async -> [UInt8]? {
        var bytes: [UInt8] = []
        var body: Int?
        while true {
            do throws(IOError) {
                guard loop.milliseconds < end else { throw .timedOut }
                let count = try await loop.receive(channel, into: &bytes, upTo: 16384, timeout: left(end))
                if count == 0 { break }
            } catch {
                log(
                    .error,
                    body == nil
                        ? "\(Self.text(error))AH01977: failed reading line from OCSP server"
                        : "\(Self.text(error))AH01985: error reading response from OCSP server")
                return nil
            }
            if body == nil {
                body = Self.headEnd(bytes)
                if body != nil, !isGood(bytes) { return nil }
                if body == nil, bytes.count > Self.headLimit {
                    log(.error, "AH01979: response header line too long from OCSP server")
                    return nil
                }
            }
            if let body, bytes.count - body > Self.contentLimit {
                log(.error, "AH01986: OCSP response size exceeds \(Self.contentLimit) byte limit")
                return nil
            }
        }
        guard let body else {
            if isGood(bytes) { log(.error, "AH01983: could not read response header from OCSP server") }
            return nil
        }
        log(.debug, "AH01984: OCSP response: got EOF")
        return Array(bytes[body...])
    }
    /// Whether the status line is of a success.
    private func isGood(_ bytes: [UInt8]) -> Bool {
        let line = ByteString(Array(bytes.prefix { $0 != 10 }.filter { $0 != 13 }))
        let code = line.firstIndex(of: 32).map { line.from($0 + 1).leadingNumber.value ?? 0 } ?? 0
        if line.hasPrefix("HTTP/"), (200..<300).contains(code) { return true }
        log(.error, "AH01980: bad response from OCSP server: \(line.isEmpty ? "(none)" : line)")
        return false
    }
    /// Where the body begins.
    static func headEnd(_ bytes: [UInt8]) -> Int? {
        var start = 0
        while let end = bytes[start...].firstIndex(of: 10) {
            let line = bytes[start..<end]
            if line.isEmpty || line.elementsEqual([13]) { return end + 1 }
            start = end + 1
        }
        return nil
    }
}
