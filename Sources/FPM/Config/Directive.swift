// PHP: sapi/fpm/fpm/fpm_conf.c, struct ini_value_parser_s and fpm_conf_set_*
import Bytes

/// One directive of a section: how its value is read and how `-tt` shows it.
struct Directive<Section>: Sendable {
    /// Reads a value into the section; the sentence is what is wrong with it. The last argument is the pool's name, nil in `[global]`.
    typealias Setter = @Sendable (inout Section, ByteString, ByteString?) -> String?
    /// The value as `-tt` shows it; nil: not shown.
    typealias Getter = @Sendable (Section) -> ByteString?

    let name: String
    let set: Setter
    let show: Getter

    init(_ name: String, set: @escaping Setter, show: @escaping Getter) {
        self.name = name
        self.set = set
        self.show = show
    }

    static func text(_ name: String, _ path: any WritableKeyPath<Section, ByteString?> & Sendable) -> Directive {
        Directive(name) { section, value, pool in
            guard let text = expandingPool(value, pool) else { return cannotUsePool }
            section[keyPath: path] = text
            return nil
        } show: {
            $0[keyPath: path] ?? "undefined"
        }
    }
    static func flag(_ name: String, _ path: any WritableKeyPath<Section, Bool> & Sendable) -> Directive {
        Directive(name) { section, value, _ in
            guard let flag = boolean(value) else { return "invalid boolean value" }
            section[keyPath: path] = flag
            return nil
        } show: {
            $0[keyPath: path] ? "yes" : "no"
        }
    }
    static func integer(_ name: String, _ path: any WritableKeyPath<Section, Int> & Sendable) -> Directive {
        Directive(name) { section, value, _ in
            guard let number = number(value) else { return notANumber }
            section[keyPath: path] = number
            return nil
        } show: {
            ByteString(decimal: $0[keyPath: path])
        }
    }
    /// A priority; php-fpm counts 64 as unset.
    static func priority(_ name: String, _ path: any WritableKeyPath<Section, Int32?> & Sendable) -> Directive {
        Directive(name) { section, value, _ in
            guard let number = number(value) else { return notANumber }
            section[keyPath: path] = number == 64 ? nil : Int32(truncatingIfNeeded: number)
            return nil
        } show: {
            $0[keyPath: path].map { ByteString(decimal: $0) } ?? "undefined"
        }
    }
    /// `-1` or `unlimited` take away the limit.
    static func coreLimit(_ name: String, _ path: any WritableKeyPath<Section, Int> & Sendable) -> Directive {
        Directive(name) { section, value, _ in
            if value.equalsIgnoringCase("unlimited") {
                section[keyPath: path] = -1
                return nil
            }
            guard let number = number(value) else { return notANumber }
            if number < 0 { return "must be greater than zero or 'unlimited'" }
            section[keyPath: path] = number
            return nil
        } show: {
            ByteString(decimal: $0[keyPath: path])
        }
    }
    /// - Parameter unit: Shown after the number.
    static func seconds(
        _ name: String, _ path: any WritableKeyPath<Section, Int> & Sendable, unit: ByteString = "s"
    ) -> Directive {
        Directive(name) { section, value, _ in
            switch Directive.seconds(value) {
            case .success(let seconds): section[keyPath: path] = seconds
            case .failure(let wrong): return wrong.sentence
            }
            return nil
        } show: {
            ByteString(decimal: $0[keyPath: path]) + unit
        }
    }
    /// Milliseconds, written `2s`, `500ms` or, in seconds, `2`. Shown only when it is set, as php-fpm does not know it.
    static func milliseconds(_ name: String, _ path: any WritableKeyPath<Section, Int> & Sendable) -> Directive {
        Directive(name) { section, value, _ in
            let (number, unit) = value.leadingNumber
            guard let number, number >= 0, ASCII.isDigit(value.first ?? 0) else { return "invalid time value" }
            switch unit {
            case "ms": section[keyPath: path] = Swift.min(number, Int(Int32.max))
            case "", "s": section[keyPath: path] = Swift.min(number, Int(Int32.max) / 1000) * 1000
            case "m": section[keyPath: path] = Swift.min(number, Int(Int32.max) / 60_000) * 60_000
            default: return "unknown suffix used in time value"
            }
            return nil
        } show: {
            let value = $0[keyPath: path]
            return value == 0 ? nil : ByteString(decimal: value) + "ms"
        }
    }
}

// MARK: - Values

private let notANumber = "is not a valid number (greater or equal than zero)"
let cannotUsePool = "Can't use '$pool' when the pool is not defined"

/// What is wrong with a value.
struct ValueError: Error {
    let sentence: String
}

extension Directive {
    /// Digits with an optional minus before them, in C's int.
    static func number(_ value: ByteString) -> Int? {
        let digits = value.first == UInt8(ascii: "-") ? value.from(1) : value
        guard digits.allSatisfy(ASCII.isDigit) else { return nil }
        return Int(Int32(truncatingIfNeeded: value.leadingInteger))
    }

    static func seconds(_ value: ByteString) -> Result<Int, ValueError> {
        guard let last = value.last else { return .failure(ValueError(sentence: "invalid time value")) }
        let factor: Int32
        switch last {
        case UInt8(ascii: "m"): factor = 60
        case UInt8(ascii: "h"): factor = 3600
        case UInt8(ascii: "d"): factor = 86400
        case UInt8(ascii: "s"), UInt8(ascii: "0")...UInt8(ascii: "9"): factor = 1
        default: return .failure(ValueError(sentence: "unknown suffix used in time value"))
        }
        return .success(Int(Int32(truncatingIfNeeded: value.leadingInteger) &* factor))
    }
}

/// nil when it is none of the words for yes and no.
func boolean(_ value: ByteString) -> Bool? {
    // Words without quotes come as "1" or nothing; these are what variables of the environment hold.
    switch value {
    case "1", "yes", "true", "on": true
    case "", "0", "no", "none", "false", "off": false
    default: nil
    }
}

/// `$pool` as the pool's name; nil in `[global]`.
func expandingPool(_ value: ByteString, _ pool: ByteString?) -> ByteString? {
    let token: ByteString = "$pool"
    guard var found = value.firstRange(of: token) else { return value }
    guard let pool else { return nil }
    var result = ByteString()
    var start = 0
    while true {
        result.append(value[start..<found.lowerBound])
        result.append(pool)
        start = found.upperBound
        guard let next = value.firstRange(of: token, from: start) else { break }
        found = next
    }
    result.append(value.from(start))
    return result
}
