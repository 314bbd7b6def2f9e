// Apache: server/request.c ap_location_walk

import Bytes
import Expressions
import HTTP

/// Merges the `<Location>` sections that match the URL, in the order of the configuration.
func locationWalk(_ request: Request) {
    let sections = request.server.locationSections
    guard !sections.isEmpty else { return }
    // With MergeSlashes Off the URL may hold "//"; plain <Location> patterns are compared without them all the same.
    let mergesSlashes = request.server[Core.server].mergeSlashes.value(default: true)
    let uri = mergesSlashes ? request.uri : withoutDoubleSlashes(request.uri)
    for section in sections where matches(section.pattern, uri, rawURI: request.uri, request) {
        request.perDirectory = request.connection.worker.merges.merge(request.perDirectory, section.config)
    }
}

private func matches(_ pattern: SectionPattern, _ uri: ByteString, rawURI: ByteString, _ request: Request) -> Bool {
    switch pattern {
    case .exact(let prefix):
        guard uri.hasPrefix(prefix) else { return false }
        return prefix.isEmpty || prefix.last == UInt8(ascii: "/") || uri.count == prefix.count
            || uri[prefix.count] == UInt8(ascii: "/")
    case .wildcard(let pattern): return Wildcard.matches(pattern, uri, [.pathName])
    case .regex(let regex): return matchNaming(regex, rawURI, request)
    }
}

/// Matches and puts named groups into the environment as `MATCH_NAME`.
func matchNaming(_ regex: Regex, _ subject: ByteString, _ request: Request) -> Bool {
    let names = regex.groupNames
    guard !names.isEmpty else { return regex.matches(subject) }
    var groups: [Range<Int>?] = []
    guard regex.match(subject, groups: &groups) else { return false }
    for (name, group) in names where group < groups.count {
        if let range = groups[group] { request.env.set("MATCH_\(name.uppercased)", subject[range]) }
    }
    return true
}

func withoutDoubleSlashes(_ path: ByteString) -> ByteString {
    var result: [UInt8] = []
    result.reserveCapacity(path.count)
    for byte in path.bytes where !(byte == UInt8(ascii: "/") && result.last == UInt8(ascii: "/")) {
        result.append(byte)
    }
    return ByteString(result)
}

extension Request {
    /// Lays a section of a module's own (`<Proxy>`) over what holds for this request.
    public func apply(section: PerDirectoryConfig) {
        perDirectory = connection.worker.merges.merge(perDirectory, section)
    }
}
