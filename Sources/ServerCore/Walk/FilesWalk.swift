// Apache: server/request.c ap_file_walk

import Bytes
import Expressions

/// Merges the `<Files>` sections that match the last component of the file name.
func filesWalk(_ request: Request) {
    guard let filename = request.filename else { return }
    let sections = request[Core.directory].filesSections
    guard !sections.isEmpty else { return }
    let slash = filename.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    let name = filename.from(slash)
    // Sections are merged among themselves first, then laid over what holds: a <Files> section never sees
    // the sections nested in another.
    var found: PerDirectoryConfig?
    for section in sections where matches(section.pattern, name, request) {
        found = request.connection.worker.merges.merge(found, section.config)
    }
    guard let found else { return }
    request.perDirectory = request.connection.worker.merges.merge(request.perDirectory, found)
}

private func matches(_ pattern: SectionPattern, _ name: ByteString, _ request: Request) -> Bool {
    switch pattern {
    case .exact(let text): text == name
    case .wildcard(let pattern): Wildcard.matches(pattern, name, [.pathName])
    case .regex(let regex): matchNaming(regex, name, request)
    }
}
