// PHP: main/fastcgi.c (fcgi_read_request, fcgi_get_params, fcgi_read)
import Bytes
import FastCGI
import Kernel

/// Reading requests.
extension FastCGIConnection {
    /// What the next bytes of a connection were.
    enum Arrival {
        case request
        /// A question about this application, which was answered. A request may follow.
        case question
        /// Nonsense, or the end: to be closed.
        case broken
    }

    /// Waits for the first bytes of a fresh connection; false when the client says nothing for so long.
    func waitForFirstBytes(milliseconds: Int32) -> Bool {
        if looksFirst {
            if look(wait: false) { return true }
        } else if case .bytes = Socket.receive(descriptor, into: &input, upTo: 16_384, through: room, wait: false) {
            return true
        }
        while true {
            switch Socket.waitReadable(descriptor, milliseconds: milliseconds) {
            case .ready: return true
            case .timedOut: return false
            case .interrupted: continue
            }
        }
    }

    /// On a connection that its client keeps: waits until something of a next request is there. False when it ended, or this
    /// worker is to leave. What the last script did not want of its body is skipped.
    func waitForNextRequest() -> Bool {
        while true {
            skipOldBody()
            if inputAt < input.count { return true }
            SoftQuit.setIdle(descriptor)
            let isThere = !SoftQuit.isWanted && (looksFirst ? look(wait: true) : fill())
            SoftQuit.setIdle(-1)
            if !isThere { return false }
        }
    }
    private func skipOldBody() {
        while !bodyEnded, inputAt < input.count {
            if bodyLeft > 0 {
                let count = min(bodyLeft, input.count - inputAt)
                inputAt += count
                bodyLeft -= count
            } else if bodyPadding > 0 {
                let count = min(bodyPadding, input.count - inputAt)
                inputAt += count
                bodyPadding -= count
            } else {
                guard let header = Self.header(input, at: inputAt) else { return }
                bodyEnded = header.type != RecordType.stdin.rawValue || header.contentLength == 0
                guard header.type == RecordType.stdin.rawValue else { return }
                inputAt += RecordHeader.count
                bodyLeft = Int(header.contentLength)
                bodyPadding = Int(header.paddingLength)
            }
        }
    }

    /// Reads the head of the next request into `environment`, FCGI_ROLE first.
    func readRequest(_ environment: inout RequestEnvironment) -> Arrival {
        environment.removeAll()
        beginRequest()
        guard var header = nextHeader() else { return .broken }
        while header.type == RecordType.stdin.rawValue, header.contentLength == 0 {
            inputAt += RecordHeader.count
            guard let next = nextHeader() else { return .broken }
            header = next
        }
        let type = RecordType(rawValue: header.type)
        let length = Int(header.contentLength) + Int(header.paddingLength)
        guard type == .getValues || type == .beginRequest && header.contentLength == 8,
            need(RecordHeader.count + length)
        else { return .broken }
        let content = inputAt + RecordHeader.count
        switch type {
        case .beginRequest:
            requestID = header.requestID
            keeps = input[content + 2] & 1 != 0
            guard let role = Self.role(UInt16(input[content]) << 8 | UInt16(input[content + 1])) else { return .broken }
            guard environment.append(pairs: role.span, 0..<role.count) else { return .broken }
            inputAt += RecordHeader.count + length
            return readParams(&environment) ? .request : .broken
        case .getValues:
            let isAnswered = answerValues(content..<content + Int(header.contentLength), &environment)
            inputAt += RecordHeader.count + length
            return isAnswered ? .question : .broken
        default: return .broken
        }
    }
    /// FCGI_ROLE as a pair of the protocol's.
    private static func role(_ number: UInt16) -> [UInt8]? {
        switch Role(rawValue: number) {
        case .responder: responder
        case .authorizer: authorizer
        case .filter: filter
        case nil: nil
        }
    }
    private static let responder = [9, 9] + Array("FCGI_ROLERESPONDER".utf8)
    private static let authorizer = [9, 10] + Array("FCGI_ROLEAUTHORIZER".utf8)
    private static let filter = [9, 6] + Array("FCGI_ROLEFILTER".utf8)

    private func readParams(_ environment: inout RequestEnvironment) -> Bool {
        if !params.isEmpty { params.removeAll(keepingCapacity: true) }
        while true {
            guard let header = nextHeader(), header.type == RecordType.params.rawValue else { return false }
            let count = Int(header.contentLength)
            let length = count + Int(header.paddingLength)
            if count == 0 {
                guard need(RecordHeader.count + length) else { return false }
                inputAt += RecordHeader.count + length
                return Self.decode(params, 0..<params.count, &environment)
            }
            // Mostly there is one record and the empty one: its content is decoded where it lies.
            guard need(2 * RecordHeader.count + length) else { return false }
            let content = inputAt + RecordHeader.count
            let next = Self.header(input, at: content + length)
            if params.isEmpty, let next, next.type == RecordType.params.rawValue, next.contentLength == 0,
                next.paddingLength == 0
            {
                inputAt = content + length + RecordHeader.count
                return Self.decode(input, content..<content + count, &environment)
            }
            guard params.count + count <= RequestEnvironment.mostBytes else { return false }
            params.append(contentsOf: input[content..<content + count])
            inputAt = content + length
        }
    }

    private static func decode(
        _ bytes: [UInt8], _ range: Range<Int>, _ environment: inout RequestEnvironment
    ) -> Bool { environment.append(pairs: bytes.span, range) }

    /// FCGI_MPXS_CONNS is the one thing this application tells of itself: requests do not share a connection.
    private func answerValues(_ range: Range<Int>, _ environment: inout RequestEnvironment) -> Bool {
        guard Self.decode(input, range, &environment) else { return false }
        output.removeAll(keepingCapacity: true)
        let known: [(name: ByteString, value: ByteString)] =
            environment.has("FCGI_MPXS_CONNS") ? [("FCGI_MPXS_CONNS", "0")] : []
        RecordEncoder.appendGetValuesResult(known, to: &output)
        return send()
    }

    // MARK: The body

    /// Opens the next record of the body; false at its end, and where something else comes.
    func nextBodyRecord() -> Bool {
        guard !bodyEnded else { return false }
        guard let header = nextHeader(), header.type == RecordType.stdin.rawValue else {
            keeps = false
            bodyEnded = true
            return false
        }
        inputAt += RecordHeader.count
        bodyLeft = Int(header.contentLength)
        bodyPadding = Int(header.paddingLength)
        if bodyLeft == 0 {
            endBodyRecord()
            bodyEnded = true
        }
        return bodyLeft > 0
    }
    /// All of a record was read: its padding is skipped.
    func endBodyRecord() {
        guard bodyPadding > 0 else { return }
        if need(bodyPadding) {
            inputAt += bodyPadding
        } else {
            keeps = false
            bodyEnded = true
        }
        bodyPadding = 0
    }
    /// The empty record that ends the body mostly came with the request's head.
    func takeEmptyStdin() {
        guard let header = Self.header(input, at: inputAt), header.type == RecordType.stdin.rawValue,
            header.contentLength == 0, header.paddingLength == 0
        else { return }
        inputAt += RecordHeader.count
        bodyEnded = true
    }

    // MARK: Bytes

    private static func header(_ bytes: [UInt8], at offset: Int) -> RecordHeader? {
        RecordHeader(bytes.span, at: offset)
    }

    /// The header that comes next, which stays where it is; nil at the end or when its version is wrong.
    private func nextHeader() -> RecordHeader? {
        guard need(RecordHeader.count), let header = Self.header(input, at: inputAt), header.version >= 1 else {
            return nil
        }
        return header
    }
    /// Waits until so many unused bytes are there.
    private func need(_ count: Int) -> Bool {
        while input.count - inputAt < count {
            if inputAt > 0 {
                input.removeSubrange(0..<inputAt)
                inputAt = 0
            }
            guard fill() else { return false }
        }
        return true
    }
    /// Finds the first bytes of a request, which stay in the socket. False when there are none.
    private func look(wait: Bool) -> Bool {
        takeLooked()
        forgetUsed()
        guard case .bytes(let count) = Socket.look(descriptor, into: &input, upTo: 16_384, through: room, wait: wait)
        else { return false }
        looked = count
        // Without waiting, the end of the connection counts as something that came, as it does for `receive`.
        return count > 0 || !wait
    }
    /// Takes out of the socket what `input` has already.
    func takeLooked() {
        guard looked > 0 else { return }
        Socket.drop(descriptor, count: looked, through: room)
        looked = 0
    }
    private func forgetUsed() {
        guard inputAt == input.count else { return }
        input.removeAll(keepingCapacity: true)
        inputAt = 0
    }
    /// Receives some bytes; false at the end.
    func fill() -> Bool {
        takeLooked()
        forgetUsed()
        let limit = bodyLeft > 0 ? 65_536 : 16_384
        if case .bytes(let count) = Socket.receive(descriptor, into: &input, upTo: limit, through: room) {
            return count > 0
        }
        return false
    }
}
