// Apache: include/http_core.h (AP_METHOD_BIT)

import HTTP

extension Method {
    /// The bit of this method in masks: HEAD counts as GET, methods that are not registered share one.
    public var bit: UInt64 { self == .other ? 1 << 63 : 1 << UInt64(number) }
}
