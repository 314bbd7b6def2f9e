// Apache: modules/metadata/mod_headers.c (header_cmd, header_inout_cmd, parse_format_string)

import Bytes
import ConfigLanguage
import Expressions
import ServerCore

/// One `Header` or `RequestHeader` directive (header_entry).
struct HeaderEntry: Sendable {
    enum Action: Sendable {
        case add, set, append, merge, unset, setIfEmpty, note
        /// Copies fields of the request whose names match.
        case echo(Regex)
        /// Replaces the first match in each value, or every match.
        case edit(Regex, everywhere: Bool)
    }
    enum Condition: Sendable {
        case none, early
        case with(ByteString)
        case without(ByteString)
        case expression(Expression)
    }
    enum Value: Sendable {
        /// A value without tags.
        case constant(ByteString)
        case format([FormatString.Item])
        case expression(Expression)
    }
    /// Which fields a directive changes.
    enum Target: Sendable { case request, answer, always }

    let action: Action
    let name: ByteString
    let value: Value
    let condition: Condition

    /// Reads the arguments of a directive and adds the entry to the configuration they stand in.
    static func parse(
        _ text: ByteString, _ context: DirectiveContext, _ directive: Target
    ) throws(DirectiveError) {
        var words = ArgumentWords(text)
        var target = directive
        var action = words.next()
        if target == .answer {
            if action.equalsIgnoringCase("always") {
                target = .always
                action = words.next()
            } else if action.equalsIgnoringCase("onsuccess") {
                action = words.next()
            }
        }
        let name = words.next()
        var arguments: [ByteString?] = []
        for _ in 0..<3 { arguments.append(words.isAtEnd ? nil : words.next()) }
        guard words.isAtEnd else { throw DirectiveError("\(context.directive) has too many arguments") }
        let entry = try HeaderEntry(
            action, name, value: arguments[0], substitution: arguments[1], clause: arguments[2], target, context)
        switch target {
        case .request: context[Headers.directory].request.append(entry)
        case .answer: context[Headers.directory].answer.append(entry)
        case .always: context[Headers.directory].always.append(entry)
        }
        if case .early = entry.condition { context[Headers.directory].hasEarly = true }
    }

    private init(
        _ word: ByteString, _ name: ByteString, value: ByteString?, substitution: ByteString?, clause: ByteString?,
        _ target: Target, _ context: DirectiveContext
    ) throws(DirectiveError) {
        var (value, clause) = (value, clause)
        let kind = try Kind(word, target)
        var text = value
        if kind == .edit || kind == .editAll {
            guard let substitution else { throw DirectiveError("Header edit requires a match and a substitution") }
            guard let regex = try? context.regex(value ?? "") else {
                throw DirectiveError("Header edit regex could not be compiled")
            }
            action = .edit(regex, everywhere: kind == .editAll)
            text = substitution
        } else {
            guard clause == nil else { throw DirectiveError("Too many arguments to directive") }
            clause = substitution
            if kind == .unset || kind == .echo, value != nil {
                guard clause == nil else {
                    throw DirectiveError(
                        kind == .unset ? "header unset takes two arguments" : "Header echo takes two arguments")
                }
                clause = value
                value = nil
            }
            action = try Self.action(kind, name, target, context)
            guard kind == .unset || kind == .echo || value != nil else {
                throw DirectiveError("Header requires three arguments")
            }
        }
        condition = try Self.condition(clause, context)
        let colon = name.firstIndex(of: UInt8(ascii: ":"))
        self.name = colon.map { name.upTo($0) } ?? name
        self.value = kind == .unset || kind == .echo ? .constant("") : try Self.value(text ?? "", context)
    }

    private enum Kind: Sendable {
        case add, set, append, merge, unset, setIfEmpty, note, echo, edit, editAll

        init(_ word: ByteString, _ target: Target) throws(DirectiveError) {
            switch word.lowercased {
            case "set": self = .set
            case "setifempty": self = .setIfEmpty
            case "add": self = .add
            case "append": self = .append
            case "merge": self = .merge
            case "unset": self = .unset
            case "echo": self = .echo
            case "edit": self = .edit
            case "edit*": self = .editAll
            case "note":
                guard target != .request else {
                    throw DirectiveError("RequestHeader does not support the 'note' action")
                }
                self = .note
            default:
                throw DirectiveError(
                    "first argument must be 'add', 'set', 'setifempty', 'append', 'merge', 'unset', 'echo', 'note', 'edit', or 'edit*'."
                )
            }
        }
    }

    private static func action(
        _ kind: Kind, _ name: ByteString, _ target: Target, _ context: DirectiveContext
    ) throws(DirectiveError) -> Action {
        switch kind {
        case .add: return .add
        case .set: return .set
        case .append: return .append
        case .merge: return .merge
        case .unset: return .unset
        case .setIfEmpty: return .setIfEmpty
        case .note, .edit, .editAll: return .note
        case .echo:
            guard target != .request else { throw DirectiveError("Header echo only valid on Header directives") }
            guard let regex = try? context.regex(name) else {
                throw DirectiveError("Header echo regex could not be compiled")
            }
            return .echo(regex)
        }
    }

    private static func condition(
        _ clause: ByteString?, _ context: DirectiveContext
    ) throws(DirectiveError) -> Condition {
        guard let clause else { return .none }
        if clause.equalsIgnoringCase("early") { return .early }
        if clause.hasPrefixIgnoringCase("env=") {
            let name = clause.from(4)
            guard !name.isEmpty, name != "!" else {
                throw DirectiveError(
                    "error: missing environment variable name. envclause should be in the form env=envar ")
            }
            return name.first == UInt8(ascii: "!") ? .without(name.from(1)) : .with(name)
        }
        if clause.hasPrefixIgnoringCase("expr=") {
            do throws(DirectiveError) { return .expression(try context.parseCondition(clause.from(5))) } catch {
                throw DirectiveError("Can't parse envclause/expression: \(error.message)")
            }
        }
        throw DirectiveError("Unknown parameter: \(clause)")
    }

    private static func value(_ text: ByteString, _ context: DirectiveContext) throws(DirectiveError) -> Value {
        if text.hasPrefix("expr=") {
            do throws(DirectiveError) { return .expression(try context.parseString(text.from(5))) } catch {
                throw DirectiveError("Can't parse value expression : \(error.message)")
            }
        }
        let items: [FormatString.Item]
        do throws(FormatError) {
            items = try FormatString.parseHeader(text) { ByteString("Dteslib").contains($0) }
        } catch {
            throw DirectiveError(error.message)
        }
        var constant = ByteString()
        for item in items {
            guard case .literal(let part) = item else { return .format(items) }
            constant.append(part)
        }
        return .constant(constant)
    }
}
