// Apache: modules/generators/cgi_common.h cgi_bucket_read, cgi_handle_request, log_script_err

import Bytes
import EventLoop
import Kernel
import ServerCore

/// A running program: its input is the request body, its output the answer's body, its errors go to the error log.
final class CGIProcess: BodySource {
    private let loop: EventLoop
    private let pid: Int32
    private let script: ByteString
    private let module: String
    private let timeout: UInt64
    private let input: Channel
    private let output: Channel
    private let errors: ScriptErrors?
    private unowned let request: Request
    /// Output that was read and not given yet.
    private var pending: [UInt8] = []
    private var hasEnded = false
    /// The beginning of the request body, for ScriptLog.
    private(set) var bodyStart: [UInt8] = []

    /// - Parameters:
    ///   - script: The file whose directory is the program's working directory.
    ///   - program: What is executed; the script itself without it.
    init(
        _ request: Request, _ script: ByteString, program: ByteString? = nil, arguments: [ByteString],
        environment: [ByteString], _ flavor: CGI.Flavor
    ) throws(Errno) {
        self.request = request
        self.script = script
        loop = request.loop
        module = flavor.name
        let own = request[CGI.directory].timeout
        timeout = own > 0 ? own : request.server.timeoutMilliseconds
        let down = try Pipe()
        let up = try Pipe()
        // mod_cgid's programs write to the error log themselves; what mod_cgi's say is read and dressed as log lines.
        let side = flavor.readsErrors ? try Pipe().split() : nil
        let slash = script.lastIndex(of: UInt8(ascii: "/"))
        do throws(Errno) {
            pid = try Process.spawn(
                program ?? script, arguments: arguments, environment: environment,
                directory: slash.map { script.upTo($0 + 1) },
                input: down.reader.raw, output: up.writer.raw,
                error: side?.writer ?? request.server.errorLog.descriptor,
                limits: request[Core.directory].childLimits)
        } catch {
            if let side {
                File.close(side.reader)
                File.close(side.writer)
            }
            throw error
        }
        let (downReader, downWriter) = down.split()
        let (upReader, upWriter) = up.split()
        for end in [downReader, upWriter, side?.writer ?? -1] where end >= 0 { File.close(end) }
        var channels: [Channel] = []
        var failure: Errno?
        for end in [downWriter, upReader, side?.reader ?? -1] where end >= 0 {
            do throws(Errno) {
                channels.append(try loop.adoptPipe(end, tag: 0))
            } catch {
                failure = error
                File.close(end)
            }
        }
        if let failure {
            for channel in channels { loop.close(channel) }
            try? Process.kill(pid, Signal.terminate)
            _ = Process.reap(pid)
            throw failure
        }
        (input, output) = (channels[0], channels[1])
        errors = channels.count > 2 ? ScriptErrors(request, channels[2], flavor) : nil
        errors?.start()
    }

    // MARK: Request body

    /// The program gets no input.
    func closeInput() { loop.close(input) }
    /// Hands the whole request body over and closes the program's input. A status when the client's body is no good.
    func sendBody(of request: Request) async -> Int? {
        defer { loop.close(input) }
        guard let body = request.body, !request.isSubrequest else { return nil }
        let limit = request.server[CGI.server].logName == nil ? 0 : request.server[CGI.server].bufferSize
        var isListening = true
        do throws(BodyError) {
            while let piece = try await body.next() {
                if bodyStart.count < limit { bodyStart += piece.bytes.prefix(limit - bodyStart.count) }
                if isListening, let error = await write(piece.bytes) {
                    // A program that has read enough: the rest of the body is read for the connection's sake.
                    isListening = false
                    request.log(
                        .error, module,
                        "(\(error.rawValue))\(error.description): AH02651: Error writing request body to script \(script)"
                    )
                }
            }
            return nil
        } catch { return error.requestStatus }
    }
    /// Writes it all. A program that answers before it has read everything would wait for us, and we for it: what it
    /// says is taken meanwhile.
    private func write(_ bytes: [UInt8]) async -> Errno? {
        var done = 0
        var waited: UInt64 = 0
        while done < bytes.count {
            switch loop.send(input, bytes, from: done) {
            case .bytes(let count):
                done += count
                waited = 0
            case .failed(let error): return error
            case .wouldBlock:
                if takeOutput() { waited = 0 }
                guard waited < timeout else { return .timedOut }
                do throws(IOError) {
                    try await loop.waitWritable(input, timeout: 64)
                } catch {
                    guard error == .timedOut else { return .brokenPipe }
                    waited += 64
                }
            }
        }
        return nil
    }
    /// Takes what is there, up to 16 MB; true when something was.
    private func takeOutput() -> Bool {
        guard pending.count < 1 << 24 else { return false }
        if case .bytes(let count) = loop.receive(output, into: &pending, upTo: 65536) { return count > 0 }
        return false
    }

    // MARK: Output

    var isAtEnd: Bool { hasEnded && pending.isEmpty }

    /// Puts back what belongs to the body.
    func giveBack(_ bytes: ByteString) { pending = bytes.bytes + pending }

    func next() async throws(BodyError) -> ByteString? {
        if pending.isEmpty, !hasEnded {
            do throws(IOError) {
                let count = try await loop.receive(output, into: &pending, upTo: 8192, timeout: timeout)
                if count == 0 { end() }
            } catch {
                if error == .timedOut {
                    request.log(.warning, module, "AH01220: Timeout waiting for output from CGI script \(script)")
                    cancel()
                    throw .timedOut
                }
                end()
            }
        }
        // The end may be there already: then the answer's length is known.
        if !hasEnded, case .bytes(0) = loop.receive(output, into: &pending, upTo: 8192) { end() }
        guard !pending.isEmpty else { return nil }
        let piece = ByteString(pending)
        pending = []
        return piece
    }
    /// What is left of the answer; all of it, when it ends within the first `count` bytes.
    func body(preview count: Int) async -> ResponseBody {
        while pending.count < count, !hasEnded {
            do throws(IOError) {
                if try await loop.receive(output, into: &pending, upTo: 8192, timeout: timeout) == 0 { end() }
            } catch {
                // Whoever reads on meets the same trouble, and tells of it.
                return .stream(self)
            }
        }
        guard count > 0, hasEnded else { return .stream(self) }
        defer { pending = [] }
        return .bytes(ByteString(pending))
    }
    /// Reads on to the end and forgets it, so that the program can finish.
    func discard() async {
        do throws(BodyError) {
            while try await next() != nil {}
        } catch {}
    }
    func cancel() {
        guard !hasEnded else { return }
        end()
    }
    private func end() {
        hasEnded = true
        loop.close(output)
        errors?.drain()
        Self.collect(pid, loop)
    }

    /// Waits a moment for the program, then ends it, then kills it (APR_KILL_AFTER_TIMEOUT).
    private static func collect(_ pid: Int32, _ loop: EventLoop) {
        if Process.reap(pid) != nil { return }
        loop.spawnLocal {
            await loop.sleep(milliseconds: 64)
            if Process.reap(pid) != nil { return }
            try? Process.kill(pid, Signal.terminate)
            for _ in 0..<30 {
                await loop.sleep(milliseconds: 100)
                if Process.reap(pid) != nil { return }
            }
            try? Process.kill(pid, Signal.kill)
            for _ in 0..<50 where Process.reap(pid) == nil { await loop.sleep(milliseconds: 100) }
        }
    }
}

/// What a program writes to its standard error, line by line in the error log.
final class ScriptErrors {
    /// The program may outlive the request.
    private weak var request: Request?
    private let server: Server
    private let script: ByteString
    private let loop: EventLoop
    private let channel: Channel
    private let flavor: CGI.Flavor
    private var line: [UInt8] = []

    init(_ request: Request, _ channel: Channel, _ flavor: CGI.Flavor) {
        self.request = request
        self.channel = channel
        self.flavor = flavor
        server = request.server
        script = request.filename ?? ""
        loop = request.loop
    }
    func start() {
        loop.spawnLocal { [self] in
            do throws(IOError) {
                while loop.isOpen(channel) {
                    drain()
                    try await loop.waitReadable(channel, timeout: nil)
                }
            } catch {}
            loop.close(channel)
        }
    }
    /// Logs what is there; closes at the end.
    func drain() {
        var bytes: [UInt8] = []
        while loop.isOpen(channel) {
            bytes.removeAll(keepingCapacity: true)
            switch loop.receive(channel, into: &bytes, upTo: 8192) {
            case .bytes(0), .failed:
                if !line.isEmpty { endLine() }
                loop.close(channel)
            case .bytes: take(bytes)
            case .wouldBlock: return
            }
        }
    }
    private func take(_ bytes: [UInt8]) {
        for byte in bytes {
            if byte == 10 || line.count >= 8191 { endLine() }
            if byte != 10 { line.append(byte) }
        }
    }
    private func endLine() {
        if line.last == 13 { line.removeLast() }
        let text = ByteString(line)
        line = []
        if let request {
            ScriptLog.error(request, flavor, request.status, "AH01215", text)
        } else {
            server.log(.error, flavor.name, "AH01215: stderr from \(script): \(text)")
        }
    }
}
