// Apache: modules/generators/mod_status.h (ap_status_hook)

import Bytes

/// What a module has to say on the page of mod_status.
public struct StatusSection: Sendable {
    public static let group = ProviderGroup<StatusSection>("status_hook")

    /// The section as HTML, or as lines of `Name: value` for `?auto`. May read files.
    public var text: @Sendable (Request, _ isShort: Bool) -> [UInt8]

    public init(text: @escaping @Sendable (Request, _ isShort: Bool) -> [UInt8]) { self.text = text }
}
