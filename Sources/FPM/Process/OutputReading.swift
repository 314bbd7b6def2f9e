// PHP: sapi/fpm/fpm/fpm_stdio.c, fpm_stdio_child_said
import Bytes
import Kernel

/// What workers write to their pipes, on its way to standard error.
extension Supervisor {
    private static let most = 65_536

    /// A pipe has something to read, or its end.
    func readOutput(_ descriptor: Int32, _ stream: WorkerOutput.Stream) {
        guard let pid = outputs[descriptor], let child = children[pid], var output = child.output else { return }
        child.output = nil
        defer { child.output = output }
        let isFirst = output.isFresh
        var text: [UInt8] = []
        var bytes: [UInt8] = []
        var isOpen = true
        reading: while bytes.count < Self.most {
            switch File.read(descriptor, into: &bytes, count: 8192) {
            case .bytes(0):
                isOpen = false
                break reading
            case .bytes: continue
            case .wouldBlock: break reading
            case .failed(let error):
                log(
                    .error, "unable to read what child \(pid) said into \(stream == .output ? "stdout" : "stderr")",
                    error)
                isOpen = false
                break reading
            }
        }
        if !bytes.isEmpty { output.said(bytes, stream, decoration: decoration, to: &text) }
        if !isOpen {
            epoll.remove(descriptor)
            outputs[descriptor] = nil
            output.ended(stream, withFirstText: isFirst && !bytes.isEmpty, decoration: decoration, to: &text)
        }
        write(text)
    }
    /// Takes what a worker that has gone left in its pipes. Processes that it started may keep them open: nobody listens to them
    /// any more.
    func finishOutput(of child: Child) {
        drain(child)
        guard var output = child.output else { return }
        for descriptor in output.descriptors where descriptor >= 0 {
            epoll.remove(descriptor)
            outputs[descriptor] = nil
        }
        var text: [UInt8] = []
        output.close(decoration: decoration, to: &text)
        child.output = nil
        write(text)
    }
    func drain(_ child: Child) {
        guard let descriptors = child.output?.descriptors else { return }
        if descriptors[0] >= 0 { readOutput(descriptors[0], .output) }
        if descriptors[1] >= 0 { readOutput(descriptors[1], .error) }
    }
    func drainAll() { for child in children.values where child.output != nil { drain(child) } }

    private var decoration: [UInt8] {
        log.prefix(.warning, function: "fpm_stdio_child_said", line: 0)
    }
    private func write(_ text: [UInt8]) {
        guard !text.isEmpty else { return }
        try? File.writeAll(2, text)
    }
}
