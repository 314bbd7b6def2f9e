// Apache: include/http_config.h (ap_get_module_config), server/config.c (merge_per_dir_configs)

import Synchronization

/// A module's configuration for one scope. `init()` is "nothing was said"; merging must treat it as the identity.
public protocol MergeableConfig: Sendable {
    init()
    /// What holds where `child` was written inside the scope of `base`.
    static func merged(_ base: Self, _ child: Self) -> Self
}

/// Names one module configuration inside every ``ConfigVector``: `static let directory = ConfigKey<DirectoryConfig>()`.
public struct ConfigKey<Value: MergeableConfig>: Sendable {
    @usableFromInline let slot: Int
    /// What is read where nothing was said.
    @usableFromInline let unsaid = TypedConfigBox(Value())
    public init() { slot = ConfigSlots.next() }
}

enum ConfigSlots {
    private static let count = Atomic<Int>(0)
    static func next() -> Int { count.add(1, ordering: .relaxed).oldValue }
}

/// The configurations of all modules for one scope (a server, a directory section, an `.htaccess` file), by key.
///
/// A slot nobody wrote costs nothing, and merging shares every box that only one side has. Values are written
/// while configuration is read, by one thread; afterwards they are only read.
public struct ConfigVector: Sendable {
    @usableFromInline var boxes: [ConfigBox?] = []

    public init() {}

    /// The value, or `init()` when nothing was said. Reading yields in place: `vector[key].field` copies the field only.
    @inlinable public subscript<Value>(key: ConfigKey<Value>) -> Value {
        _read {
            // Whatever is read lies in a box, so that reading needs no place of its own: such a place would be allocated.
            let box = (key.slot < boxes.count ? boxes[key.slot] : nil) ?? key.unsaid
            // SAFETY: only this subscript stores into slot `key.slot`, and a slot belongs to one ConfigKey type.
            yield unsafe unsafeDowncast(box, to: TypedConfigBox<Value>.self).value
        }
        _modify {
            while boxes.count <= key.slot { boxes.append(nil) }
            var value: Value
            if let box = boxes[key.slot] {
                // SAFETY: as above.
                value = unsafe unsafeDowncast(box, to: TypedConfigBox<Value>.self).value
            } else {
                value = Value()
            }
            boxes[key.slot] = nil
            defer { boxes[key.slot] = TypedConfigBox(value) }
            yield &value
        }
    }

    public func isSet<Value>(_ key: ConfigKey<Value>) -> Bool { key.slot < boxes.count && boxes[key.slot] != nil }

    /// This scope's values laid over those of `base`.
    public func merged(over base: ConfigVector) -> ConfigVector {
        if base.boxes.isEmpty { return self }
        if boxes.isEmpty { return base }
        var result = ConfigVector()
        result.boxes.reserveCapacity(max(boxes.count, base.boxes.count))
        for slot in 0..<max(boxes.count, base.boxes.count) {
            let old = slot < base.boxes.count ? base.boxes[slot] : nil
            let new = slot < boxes.count ? boxes[slot] : nil
            if let old, let new {
                result.boxes.append(new.merged(over: old))
            } else {
                result.boxes.append(new ?? old)
            }
        }
        return result
    }
}

@usableFromInline class ConfigBox: @unchecked Sendable {
    @usableFromInline init() {}
    @usableFromInline func merged(over base: ConfigBox) -> ConfigBox { self }
}

@usableFromInline final class TypedConfigBox<Value: MergeableConfig>: ConfigBox, @unchecked Sendable {
    @usableFromInline let value: Value
    @usableFromInline init(_ value: Value) { self.value = value }
    @usableFromInline override func merged(over base: ConfigBox) -> ConfigBox {
        // SAFETY: ConfigVector merges boxes of the same slot only, and a slot has one type.
        TypedConfigBox(Value.merged(unsafe unsafeDowncast(base, to: TypedConfigBox<Value>.self).value, value))
    }
}

/// A value that may not have been said: nginx's unset/merge/default triad, Apache's `x`/`x_set` pairs.
public enum Setting<Value: Sendable>: Sendable {
    case inherited
    case set(Value)

    public func or(_ base: Setting) -> Setting {
        if case .inherited = self { return base }
        return self
    }
    public func value(default fallback: @autoclosure () -> Value) -> Value {
        if case .set(let value) = self { return value }
        return fallback()
    }
    public var value: Value? {
        if case .set(let value) = self { return value }
        return nil
    }
}
extension Setting: Equatable where Value: Equatable {}

/// A frozen ``ConfigVector`` with an identity: what a section, an `.htaccess` file or a merge of them says.
/// Two requests whose `perDirectory` is the same object are under the same configuration (request.c compares pointers).
public final class PerDirectoryConfig: Sendable {
    public let vector: ConfigVector
    let id: Int
    private static let count = Atomic<Int>(0)

    public init(_ vector: ConfigVector) {
        self.vector = vector
        id = Self.count.add(1, ordering: .relaxed).oldValue
    }
    public static let empty = PerDirectoryConfig(ConfigVector())

    @inlinable public subscript<Value>(key: ConfigKey<Value>) -> Value {
        _read { yield vector[key] }
    }
}

/// Remembers merges, so that a request under sections seen before merges nothing. One for each loop.
struct MergeCache {
    private struct Pair: Hashable {
        let base: Int
        let child: Int
    }
    private var merged: [Pair: PerDirectoryConfig] = [:]

    /// More than this many different combinations means that something keeps changing: start anew.
    private static let limit = 20_000

    mutating func merge(_ base: PerDirectoryConfig?, _ child: PerDirectoryConfig) -> PerDirectoryConfig {
        guard let base, base !== PerDirectoryConfig.empty else { return child }
        let pair = Pair(base: base.id, child: child.id)
        if let known = merged[pair] { return known }
        if merged.count >= Self.limit { merged.removeAll() }
        let result = PerDirectoryConfig(child.vector.merged(over: base.vector))
        merged[pair] = result
        return result
    }
}
