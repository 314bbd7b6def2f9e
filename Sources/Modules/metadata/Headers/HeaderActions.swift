// Apache: modules/metadata/mod_headers.c (do_headers_fixup, process_regexp)

import Bytes
import Expressions
import ServerCore

/// Applies entries to the fields of a request or of its answer.
enum HeaderActions {
    /// Runs the entries whose condition holds, in order. False when a replacement became too long.
    static func run(
        _ entries: [HeaderEntry], on target: HeaderEntry.Target, _ request: Request, early: Bool
    ) -> Bool {
        for entry in entries where holds(entry.condition, request, early) {
            guard apply(entry, target, request) else { return false }
        }
        return true
    }

    private static func holds(_ condition: HeaderEntry.Condition, _ request: Request, _ early: Bool) -> Bool {
        switch condition {
        case .early: return early
        case _ where early: return false
        case .none: return true
        case .with(let name): return request.env.contains(name)
        case .without(let name): return !request.env.contains(name)
        case .expression(let expression):
            do {
                return try request.evaluate(expression)
            } catch {
                request.log(
                    .error, "headers", "AH01501: Failed to evaluate expression (\(error.message)) - ignoring")
                return true
            }
        }
    }

    private static func apply(_ entry: HeaderEntry, _ target: HeaderEntry.Target, _ request: Request) -> Bool {
        let name = entry.name
        switch entry.action {
        case .add:
            let value = HeaderValue.make(entry.value, request)
            change(target, request) { $0.add(name, value) }
        case .append:
            let value = HeaderValue.make(entry.value, request)
            change(target, request) { $0.merge(name, value) }
        case .merge: merge(entry, target, request)
        case .set: set(entry, target, request)
        case .setIfEmpty: if read(name, target, request) == nil { set(entry, target, request) }
        case .unset:
            // Not touching what is not there keeps the request reusable.
            if read(name, target, request) != nil { change(target, request) { $0.unset(name) } }
            if target != .request, name.equalsIgnoringCase("Content-Type") { request.contentType = nil }
        case .echo(let regex): echo(regex, request)
        case .edit(let regex, let everywhere):
            return HeaderEdit(entry: entry, regex: regex, everywhere: everywhere).apply(target, request)
        case .note:
            let note = HeaderValue.make(entry.value, request)
            if let value = read(name, target, request) { request.notes.set(note, value) }
        }
        return true
    }

    private static func set(_ entry: HeaderEntry, _ target: HeaderEntry.Target, _ request: Request) {
        let value = HeaderValue.make(entry.value, request)
        if target != .request, entry.name.equalsIgnoringCase("Content-Type") { request.contentType = value }
        change(target, request) { $0.set(entry.name, value) }
    }

    /// Adds a value to a list that does not have it.
    private static func merge(_ entry: HeaderEntry, _ target: HeaderEntry.Target, _ request: Request) {
        let value = HeaderValue.make(entry.value, request)
        guard let present = read(entry.name, target, request) else {
            return change(target, request) { $0.add(entry.name, value) }
        }
        if !hasElement(present, value) { change(target, request) { $0.merge(entry.name, value) } }
    }
    /// Elements between commas, blanks before them skipped, quoted strings kept together.
    static func hasElement(_ list: ByteString, _ element: ByteString) -> Bool {
        var at = 0
        while at < list.count {
            while at < list.count, ASCII.isSpace(list[at]) { at += 1 }
            let start = at
            while at < list.count, list[at] != UInt8(ascii: ",") {
                at += 1
                guard list[at - 1] == UInt8(ascii: "\"") else { continue }
                while at < list.count {
                    at += 1
                    if list[at - 1] == UInt8(ascii: "\"") { break }
                }
            }
            if list[start..<at] == element { return true }
            at += 1
        }
        return false
    }

    private static func echo(_ regex: Regex, _ request: Request) {
        let fields = request.headersIn
        for index in 0..<fields.count {
            let name = fields.name(at: index)
            if regex.matches(name) { request.headersOut.add(name, fields.value(at: index)) }
        }
    }

    // MARK: Tables

    static func read(_ name: ByteString, _ target: HeaderEntry.Target, _ request: Request) -> ByteString? {
        switch target {
        case .request: request.header(name)
        case .answer: request.headersOut[name]
        case .always: request.errHeadersOut[name]
        }
    }
    static func change(_ target: HeaderEntry.Target, _ request: Request, _ body: (inout Table) -> Void) {
        switch target {
        case .request: body(&request.headersIn)
        case .answer: body(&request.headersOut)
        case .always: body(&request.errHeadersOut)
        }
    }
}

/// `Header edit`.
struct HeaderEdit {
    let entry: HeaderEntry
    let regex: Regex
    let everywhere: Bool

    /// False when a replacement became too long.
    func apply(_ target: HeaderEntry.Target, _ request: Request) -> Bool {
        if entry.name.equalsIgnoringCase("Content-Type"), let type = request.contentType {
            guard let edited = replace(type, request) else { return false }
            if target != .request { request.setContentType(edited, isTrusted: true) }
        }
        let name = entry.name
        guard HeaderActions.read(name, target, request) != nil else { return true }
        let values =
            switch target {
            case .request: request.headersIn.values(of: name)
            case .answer: request.headersOut.values(of: name)
            case .always: request.errHeadersOut.values(of: name)
            }
        var edited: [ByteString] = []
        for value in values {
            guard let new = replace(value, request) else { return false }
            edited.append(new)
        }
        guard edited != values else { return true }
        HeaderActions.change(target, request) { table in
            table.unset(name)
            for value in edited { table.add(name, value) }
        }
        return true
    }

    /// Tags are filled in before `$1` and its like, so that a field's value cannot be taken for a tag.
    private func replace(_ value: ByteString, _ request: Request) -> ByteString? {
        var output: [UInt8] = []
        var position = 0
        while let captures = regex.match(value, from: position), let whole = captures[0] {
            output.append(contentsOf: value.bytes[position..<whole.lowerBound])
            guard
                Substitution.append(
                    HeaderValue.make(entry.value, request), source: value, captures: captures, to: &output)
            else { return nil }
            position = whole.upperBound
            // An empty match would repeat for ever.
            if !everywhere || whole.isEmpty { break }
        }
        output.append(contentsOf: value.bytes[position...])
        return ByteString(output)
    }
}
