// PHP: main/SAPI.h, sapi_module_struct; the functions behind it
import Bytes
import CPHPABI
import FPM
import Kernel

/// What PHP calls. Each is a leaf: PHP's longjmp starts only after it has returned.
extension PHPEngine {
    func hostTable() -> martinet_php_host {
        var host = unsafe martinet_php_host()
        unsafe host.context = Unmanaged.passUnretained(self).toOpaque()
        unsafe host.log = { context, level, prefix, message, length in
            let line = unsafe bytes(prefix) + UnsafeRawBufferPointer(start: message, count: message == nil ? 0 : length)
            return unsafe engine(context).report(LogLevel(rawValue: Int(level)) ?? .notice, line)
        }
        unsafe host.authenticated = { context, user in
            unsafe running(context)?.authenticated(ByteString(bytes(user)))
        }
        unsafe addInput(to: &host)
        unsafe addOutput(to: &host)
        unsafe addStages(to: &host)
        return unsafe host
    }

    private func addInput(to host: inout martinet_php_host) {
        unsafe host.read_body = { context, buffer, count in
            guard let exchange = unsafe running(context), let buffer = unsafe buffer, count > 0 else {
                return 0
            }
            return unsafe max(0, exchange.readBody(UnsafeMutableRawBufferPointer(start: buffer, count: count)))
        }
        unsafe host.pool_status = { context, length in
            let engine = unsafe engine(context)
            guard let status = engine.exchange?.poolStatus() else { return nil }
            let kept = unsafe engine.keep(status.records(now: RealTime.now / 1_000_000))
            unsafe length?.pointee = kept.count
            return unsafe UnsafeRawPointer(kept.baseAddress)?.assumingMemoryBound(to: CChar.self)
        }
    }

    private func addOutput(to host: inout martinet_php_host) {
        unsafe host.send_head = { context, status, head, length in
            let bytes = unsafe UnsafeRawBufferPointer(start: head, count: length)
            return unsafe answer(running(context)?.sendHead(status: Int(status), bytes))
        }
        unsafe host.write = { context, body, length in
            let bytes = unsafe UnsafeRawBufferPointer(start: body, count: length)
            return unsafe answer(running(context)?.write(bytes))
        }
        unsafe host.flush = { unsafe answer(running($0)?.flush()) }
        unsafe host.finish_early = { unsafe answer(running($0)?.finishEarly()) }
        unsafe host.finish = { unsafe answer(running($0)?.finish()) }
    }

    private func addStages(to host: inout martinet_php_host) {
        unsafe host.script_starts = { unsafe running($0)?.scriptStarts() }
        unsafe host.script_ended = { context, given in
            guard let given = unsafe given?.pointee else { return }
            var facts = ScriptFacts()
            unsafe facts.status = Int(given.status)
            unsafe facts.peakMemory = given.peak_memory
            if let headers = unsafe given.headers {
                let lines = unsafe UnsafeRawBufferPointer(start: headers, count: given.headers_length)
                facts.headers = unsafe lines.split(separator: 0).map { unsafe ByteString(Array($0)) }
            }
            unsafe running(context)?.scriptEnded(facts)
        }
    }
}

private func engine(_ context: UnsafeMutableRawPointer?) -> PHPEngine {
    unsafe Unmanaged<PHPEngine>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
}

/// The request that runs.
@inline(__always) private func running(_ context: UnsafeMutableRawPointer?) -> (any ScriptExchange)? {
    unsafe Unmanaged<PHPEngine>.fromOpaque(context.unsafelyUnwrapped)._withUnsafeGuaranteedRef { $0.exchange }
}

/// No exchange: between requests nobody can have gone.
private func answer(_ isThere: Bool?) -> Int32 { isThere ?? true ? 1 : 0 }

private func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
    guard let text = unsafe text else { return [] }
    return unsafe ByteString(cString: text).bytes
}
