// Debian: apache2's /usr/sbin/a2enmod (get_deps, do_deps, warn_deps, check_conflicts)
import Bytes
import Kernel

extension Switch {
    /// What the file says in a `# Depends:` or `# Conflicts:` line before its first directive.
    func names(_ field: ByteString, in file: ByteString) -> [ByteString] {
        let text: [UInt8]
        do throws(Errno) { text = try File.readWhole(file, limit: 16 << 20) } catch {
            self.error("Can't open \(file): \(error.text)")
            return []
        }
        let prefix: ByteString = "# \(field):"
        for line in ByteString(text).split(on: UInt8(ascii: "\n")) {
            if line.hasPrefix(prefix), line.count > prefix.count, ASCII.isSpace(line[prefix.count]) {
                return line.from(prefix.count).words()
            }
            let rest = line.trimmed()
            if !rest.isEmpty, !rest.hasPrefix("#") { break }
        }
        return []
    }

    /// Enabling brings in what a module needs and refuses what it cannot stand; disabling refuses while others need it.
    mutating func dependenciesAgree(_ name: ByteString, _ pair: Pair) throws(Failure) -> Bool {
        switch (call.kind, call.verb) {
        case (.module, .enable):
            guard try follow(names("Depends", in: pair.target), for: name) else { return false }
            return try isFreeOfConflicts(name, names("Conflicts", in: pair.target))
        case (.module, .disable):
            let others = FileGlob.names("\(enabled)/*.load").filter { names("Depends", in: $0).contains(name) }
                .map { $0.from(enabled.count + 1).upTo($0.count - enabled.count - 6) }
            if others.isEmpty { return true }
            if options.force { return try follow(others, for: name) }
            let list = ByteString(joining: others)
            error("The following modules depend on \(name) and need to be disabled first: \(list)\n")
            return false
        case (_, .enable):
            for module in names("Depends", in: pair.target) {
                info("Checking dependency \(module) for \(name):\n")
                guard File.isThere("\(modulesEnabled)/\(module).load") else {
                    warning("Module \(module) is not enabled, but \(name) depends on it, aborting\n")
                    return false
                }
            }
            return true
        case (_, .disable): return true
        }
    }
    /// What is to be disabled, with each module after those named with it that depend on it. Debian's a2dismod keeps the order
    /// given, so that `a2dismod mpm_prefork php8.2` refuses the first and disables the second
    /// (docs/decisions/0005-a2dismod-order.md). With `-f` there is nothing to refuse, and the order stays.
    func dependentsFirst(_ modules: [ByteString]) -> [ByteString] {
        guard call.kind == .module, call.verb == .disable, !options.force else { return modules }
        var needs: [ByteString: [ByteString]] = [:]
        for module in modules {
            let file: ByteString = "\(enabled)/\(module).load"
            if File.isThere(file) { needs[module] = names("Depends", in: file) }
        }
        var (sorted, seen): ([ByteString], Set<Int>) = ([], [])
        func place(_ index: Int) {
            guard seen.insert(index).inserted else { return }
            for later in modules.indices where needs[modules[later]]?.contains(modules[index]) == true {
                if !sorted.contains(modules[later]) { place(later) }
            }
            sorted.append(modules[index])
        }
        for index in modules.indices { place(index) }
        return sorted
    }
    private mutating func follow(_ modules: [ByteString], for name: ByteString) throws(Failure) -> Bool {
        for module in modules {
            info("Considering dependency \(module) for \(name):\n")
            guard try act(on: module) else {
                error("Could not \(call.verbText) dependency \(module) for \(name), aborting\n")
                return false
            }
        }
        return true
    }
    private func isFreeOfConflicts(_ name: ByteString, _ modules: [ByteString]) throws(Failure) -> Bool {
        var isFree = true
        for module in modules {
            info("Considering conflict \(module) for \(name):\n")
            let pair = Pair(
                target: "\(available)/\(module)\(call.suffix)", link: "\(enabled)/\(module)\(call.suffix)")
            if case .right = try check(pair) {
                error(
                    "Module \(module) is enabled - cannot proceed due to conflicts. It needs to be disabled first!\n")
                isFree = false
            }
        }
        return isFree
    }
}
