// RFC 8259. Apache: modules/md/md_json.c (which uses jansson: members keep their order)

/// A JSON value. Members of objects keep the order they were written in.
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case real(Double)
    case string(String)
    case array([JSON])
    case object([Member])

    public struct Member: Sendable, Hashable {
        public var name: String
        public var value: JSON
        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }
    public static var emptyObject: JSON { .object([]) }
}

extension JSON {
    /// A member by name; `null` where there is none. Assigning `null` leaves the object without that member.
    public subscript(name: String) -> JSON {
        get {
            guard case .object(let members) = self else { return .null }
            return members.last { $0.name == name }?.value ?? .null
        }
        set {
            var members: [Member] = []
            if case .object(let old) = self { members = old }
            if newValue == .null {
                members.removeAll { $0.name == name }
            } else if let index = members.firstIndex(where: { $0.name == name }) {
                members[index].value = newValue
            } else {
                members.append(Member(name, newValue))
            }
            self = .object(members)
        }
    }
    public subscript(index: Int) -> JSON {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return .null }
        return elements[index]
    }
    public var string: String? {
        if case .string(let value) = self { return value }
        return nil
    }
    public var integer: Int? {
        switch self {
        case .integer(let value): Int(exactly: value)
        case .real(let value): Int(exactly: value.rounded(.towardZero))
        default: nil
        }
    }
    public var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .real(let value): value
        default: nil
        }
    }
    public var bool: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }
    public var elements: [JSON] {
        if case .array(let values) = self { return values }
        return []
    }
    public var members: [Member] {
        if case .object(let members) = self { return members }
        return []
    }
    /// The strings of an array.
    public var strings: [String] { elements.compactMap(\.string) }
    public var isNull: Bool { self == .null }

    public init(_ strings: [String]) { self = .array(strings.map { .string($0) }) }
    public init(_ text: String?) { self = text.map { .string($0) } ?? .null }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.filter { $0.1 != .null }.map { Member($0.0, $0.1) })
    }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
}
