// Apache: server/request.c ap_if_walk

import Bytes
import Expressions

/// Merges the `<If>` sections whose condition holds; conditions nested in them are walked after them.
func ifWalk(_ request: Request) {
    var walked = 0
    // Each round may bring in more sections (an <If> inside an <If>); they are appended by the merge.
    while true {
        let sections = request[Core.directory].ifSections
        guard walked < sections.count else { return }
        let fresh = sections[walked...]
        walked = sections.count
        guard let found = mergeMatching(fresh, request) else { return }
        request.perDirectory = request.connection.worker.merges.merge(request.perDirectory, found)
    }
}

private func mergeMatching(_ sections: ArraySlice<IfSection>, _ request: Request) -> PerDirectoryConfig? {
    var found: PerDirectoryConfig?
    var previousHeld = false
    for section in sections {
        if section.kind != .if, previousHeld { continue }
        if let expression = section.expression {
            previousHeld = holds(expression, request)
            guard previousHeld else { continue }
        }
        found = request.connection.worker.merges.merge(found, section.config)
    }
    return found
}

private func holds(_ expression: Expression, _ request: Request) -> Bool {
    do {
        return try request.evaluate(expression)
    } catch {
        request.log(.error, "core", "AH00039: Failed to evaluate <If > condition: \(error.message)")
        return false
    }
}
