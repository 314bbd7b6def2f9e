// PHP: sapi/apache2handler/sapi_apache2.c and php_functions.c: what they ask of Apache

import Bytes
import CPHPABI
import EventLoop
import Kernel
import ServerCore

/// What PHP calls. Each is a leaf: PHP's longjmp starts only after it has returned.
extension EmbeddedPHP {
    func hostTable() -> martinet_apache_host {
        var host = unsafe martinet_apache_host()
        unsafe host.context = Unmanaged.passUnretained(self).toOpaque()
        unsafe host.log = { context, level, message, length in
            let text = unsafe Array(UnsafeRawBufferPointer(start: message, count: message == nil ? 0 : length))
            unsafe php(context).report(LogLevel(rawValue: Int(level)) ?? .error, ByteString(text))
        }
        unsafe host.authenticated = { context, user in
            unsafe php(context).current?.setUser(text(user))
        }
        unsafe addBody(to: &host)
        unsafe addTables(to: &host)
        unsafe addOtherURLs(to: &host)
        unsafe host.fact = { context, number, length in
            let php = unsafe php(context)
            guard let exchange = php.current else { return nil }
            let bytes = ServerFacts.bytes(number, exchange.server)
            unsafe length?.pointee = bytes.count
            return unsafe php.keep(bytes)
        }
        return unsafe host
    }

    private func addBody(to host: inout martinet_apache_host) {
        unsafe host.read_body = { context, buffer, count in
            guard let exchange = unsafe php(context).current, let buffer = unsafe buffer, count > 0 else { return 0 }
            return unsafe exchange.readBody(UnsafeMutableRawBufferPointer(start: buffer, count: count))
        }
        unsafe host.send_head = { context, given in
            guard let given = unsafe given?.pointee, let exchange = unsafe php(context).current else { return }
            exchange.setHead(
                ScriptExchange.Head(
                    status: Int(unsafe given.status), statusLine: unsafe given.status_line.map { unsafe text($0) },
                    isHTTP10: unsafe given.is_http10 != 0,
                    contentType: unsafe given.content_type.map { unsafe text($0) }))
        }
        unsafe host.write = { context, bytes, length, holds in
            guard let exchange = unsafe php(context).current else { return 1 }
            let bytes = unsafe UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : length)
            return unsafe exchange.write(bytes, holds: holds != 0) ? 1 : 0
        }
        unsafe host.flush = { context in
            guard let exchange = unsafe php(context).current else { return 1 }
            return exchange.flush() ? 1 : 0
        }
    }

    private func addTables(to host: inout martinet_apache_host) {
        unsafe host.table = { context, number, length in
            let php = unsafe php(context)
            var bytes: [UInt8] = []
            for (name, value) in php.current?.table(number).pairs ?? [] {
                bytes += name.bytes + [0] + value.bytes + [0]
            }
            unsafe length?.pointee = bytes.count
            return unsafe php.keep(bytes)
        }
        unsafe host.get = { context, number, name in
            let php = unsafe php(context)
            guard let value = unsafe php.current?.table(number)[text(name)] else { return nil }
            return unsafe php.keep(value.bytes)
        }
        unsafe host.change = { context, number, operation, name, value in
            guard let exchange = unsafe php(context).current else { return }
            let (name, value) = unsafe (text(name), text(value))
            exchange.change(number) { table in
                switch Int(operation) {
                case MARTINET_TABLE_SET: table.set(name, value)
                case MARTINET_TABLE_ADD: table.add(name, value)
                case MARTINET_TABLE_UNSET: table.unset(name)
                default: table.removeAll()
                }
            }
        }
    }

    private func addOtherURLs(to host: inout martinet_apache_host) {
        unsafe host.look_up = { context, uri, length in
            let php = unsafe php(context)
            let uri = unsafe text(uri)
            guard let bytes = php.current?.onLoop({ $0.lookUp(uri) }) else { return nil }
            unsafe length?.pointee = bytes.count
            return unsafe php.keep(bytes)
        }
        unsafe host.include_starts = { context, uri in
            guard let exchange = unsafe php(context).current else { return -1 }
            let uri = unsafe text(uri)
            let found = exchange.onLoop { $0.find(uri) }
            exchange.isIncluding = found == 1
            return found
        }
        unsafe host.include_goes_on = { context, request in
            let php = unsafe php(context)
            // A script that was included has ended: what it is part of goes on.
            if let ended = php.current, !ended.isIncluding {
                php.exchanges.removeLast()
                ended.end()
            }
            guard let exchange = php.current, exchange.isIncluding else { return Int32(MARTINET_INCLUDE_FAILED) }
            if !exchange.hasBegunIncluding {
                exchange.hasBegunIncluding = true
                exchange.loop.spawn { await exchange.include() }
            }
            while true {
                switch php.inbox.take() {
                case .script(let script) where script.outer != exchange.identity:
                    // Another stream of a connection with several (HTTP/2).
                    php.postponed.append(script)
                case .script(let script):
                    php.exchanges.append(script)
                    unsafe request?.pointee = UnsafePointer(script.description)
                    return Int32(MARTINET_INCLUDE_SCRIPT)
                case .included(let isGood):
                    exchange.isIncluding = false
                    exchange.hasBegunIncluding = false
                    return Int32(isGood ? MARTINET_INCLUDE_DONE : MARTINET_INCLUDE_FAILED)
                }
            }
        }
    }
}

private func php(_ context: UnsafeMutableRawPointer?) -> EmbeddedPHP {
    unsafe Unmanaged<EmbeddedPHP>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
}
private func text(_ text: UnsafePointer<CChar>?) -> ByteString {
    guard let text = unsafe text else { return "" }
    return unsafe ByteString(cString: text)
}

// MARK: Other URLs of this server, on the loop

extension ScriptExchange {
    /// 1 when the URL may be included.
    fileprivate func find(_ uri: ByteString) -> Int32 {
        guard let request else { return -1 }
        let sub = request.lookup(uri: uri)
        included = sub
        return sub.status == 200 ? 1 : 0
    }
    /// Runs the handler of what was found, and puts its body where the script's output has come to.
    fileprivate func include() async {
        guard let sub = included else { return EmbeddedPHP.shared.inbox.put(.included(false)) }
        included = nil
        switch await sub.runSubrequest() {
        case .refused: EmbeddedPHP.shared.inbox.put(.included(false))
        case .body(let source):
            let isTaken = queue.put(.include(IncludedBody(sub, source)), weight: 0, waits: false)
            if !isTaken {
                source.cancel()
                EmbeddedPHP.shared.inbox.put(.included(false))
            }
        }
    }
    /// What apache_lookup_uri() tells; nil when the URL has no answer.
    fileprivate func lookUp(_ uri: ByteString) -> [UInt8]? {
        guard let sub = request?.lookup(uri: uri), sub.status == 200 else { return nil }
        var records = LookupRecords()
        records.integer("status", sub.status)
        records.text("the_request", sub.requestLine)
        records.text("status_line", sub.statusLine)
        records.text("method", sub.method)
        records.integer("mtime", Int(sub.mtime))
        records.integer("clength", 0)
        records.integer("chunked", 0)
        records.text("content_type", sub.contentType)
        records.text("handler", sub.handler)
        records.integer("no_cache", sub.noCache ? 1 : 0)
        records.integer("no_local_copy", sub.noLocalCopy ? 1 : 0)
        records.text("unparsed_uri", sub.unparsedURI)
        records.text("uri", sub.uri)
        records.text("filename", sub.filename)
        records.text("path_info", sub.pathInfo.isEmpty && sub.finfo != nil ? nil : sub.pathInfo)
        records.text("args", sub.args)
        records.integer("allowed", Int(truncatingIfNeeded: sub.allowed))
        records.integer("sent_bodyct", 0)
        records.integer("bytes_sent", 0)
        records.integer("request_time", Int(sub.requestTime / 1_000_000))
        return records.bytes
    }
}

/// A body with the request it reads from, which must live as long.
private final class IncludedBody: BodySource {
    private let request: Request
    private let source: any BodySource
    init(_ request: Request, _ source: any BodySource) {
        self.request = request
        self.source = source
    }
    func next() async throws(BodyError) -> ByteString? { try await source.next() }
    func cancel() { source.cancel() }
    var wantsFlush: Bool { source.wantsFlush }
}

/// As `pool_status` of martinet_php.h has them.
private struct LookupRecords {
    private(set) var bytes: [UInt8] = []
    mutating func text(_ name: StaticString, _ value: ByteString?) {
        guard let value else { return }
        add("s", name, value)
    }
    mutating func integer(_ name: StaticString, _ value: Int) { add("i", name, ByteString(decimal: value)) }
    private mutating func add(_ kind: StaticString, _ name: StaticString, _ value: ByteString) {
        bytes.append(kind)
        bytes.append(name)
        bytes.append(0)
        bytes += value.bytes.prefix { $0 != 0 }
        bytes.append(0)
    }
}
