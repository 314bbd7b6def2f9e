// Apache: server/provider.c, include/ap_provider.h

import Bytes

/// A kind of service that modules offer one another by name: `file` among those that know passwords,
/// `ip` among those that answer `Require`.
public struct ProviderGroup<Provider: Sendable>: Sendable {
    let name: String
    public init(_ name: String) { self.name = name }
}

extension Hooks {
    /// Offers a service (ap_register_provider). A later one takes the place of an earlier one of the same name.
    public mutating func addProvider<Provider>(
        _ provider: Provider, to group: ProviderGroup<Provider>, as name: ByteString
    ) {
        providers[group.name, default: [:]][name] = provider
    }
    /// All services of a group, by name.
    public func all<Provider>(_ group: ProviderGroup<Provider>) -> [Provider] {
        let known = providers[group.name, default: [:]]
        return known.keys.sorted().compactMap { known[$0] as? Provider }
    }
    /// Every group with the names of its services, both sorted (ap_list_provider_groups).
    public var providerNames: [(group: String, names: [ByteString])] {
        providers.keys.sorted().map { ($0, providers[$0, default: [:]].keys.sorted()) }
    }
}

extension Configuration {
    /// The service of this name, when a loaded module offers it (ap_lookup_provider). Names are compared with case.
    // Not of Hooks, which would be copied for the call.
    public func provider<Provider>(_ group: ProviderGroup<Provider>, _ name: ByteString) -> Provider? {
        hooks.providers[group.name]?[name] as? Provider
    }
}
