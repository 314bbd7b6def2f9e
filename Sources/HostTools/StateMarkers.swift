// Debian: /var/lib/apache2/{module,site,conf}/{enabled,disabled}_by_{admin,maint}/NAME
import Bytes
import Kernel

/// Who switched something last: an empty file named after it in one of four directories. Packages ask this before they
/// undo what a person decided.
struct StateMarkers {
    let directory: ByteString

    /// Moves the marker of `name`, or removes it.
    /// - Returns: Whether it could be done.
    func set(
        _ name: ByteString, enabled: Bool, byMaintenance: Bool, forget: Bool, complain: (ByteString) -> Void
    ) -> Bool {
        let folder: ByteString =
            "\(directory)/\(enabled ? "enabled" : "disabled")_by_\(byMaintenance ? "maint" : "admin")"
        do throws(Errno) { try Directory.makeAll(folder) } catch {
            complain("Failed to create marker directory: '\(folder)'\n")
        }
        for old in files(named: name, in: directory) {
            do throws(Errno) { try File.unlink(old) } catch {
                complain("Failed to remove old marker '\(old)'!\n")
                return false
            }
        }
        if forget { return true }
        let marker: ByteString = "\(folder)/\(name)"
        do throws(Errno) { _ = try File.open(marker, [.writeOnly, .create, .append]).take() } catch {
            complain("Failed to create marker '\(marker)'!\n")
            return false
        }
        return true
    }
    private func files(named name: ByteString, in folder: ByteString) -> [ByteString] {
        var found: [ByteString] = []
        for entry in (try? Directory.entries(folder)) ?? [] {
            let path: ByteString = "\(folder)/\(entry.name)"
            guard let status = try? FileStatus(link: path) else { continue }
            if status.isDirectory { found += files(named: name, in: path) }
            if status.isRegular, entry.name == name { found.append(path) }
        }
        return found
    }

    enum Author { case maint, admin }
    /// Who enabled or disabled `name`, where a marker says it.
    func author(of name: ByteString, enabled: Bool) -> Author? {
        let short = name.hasSuffix(".conf") ? name.upTo(name.count - 5) : name
        let state: ByteString = enabled ? "enabled" : "disabled"
        if File.isThere("\(directory)/\(state)_by_maint/\(short)") { return .maint }
        return File.isThere("\(directory)/\(state)_by_admin/\(short)") ? .admin : nil
    }
}
