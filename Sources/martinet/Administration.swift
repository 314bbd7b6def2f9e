// No Apache counterpart: what an administrator asks of sites and configurations

import Bytes
import HostTools
import ModuleCompression
import Modules
import ServerCore

/// `martinet site` and `martinet doctor`.
enum Administration {
    static func site(_ arguments: [String]) -> Int32 {
        var directives: [ByteString: ByteString] = [:]
        for module in moduleList + compressionModules {
            for row in module.directives {
                let name = ByteString(row.name).lowercased
                if directives[name] == nil { directives[name] = module.isStatic ? "" : ByteString(module.symbol) }
            }
        }
        return SiteCommand.run(arguments.map { ByteString($0) }, directives: directives)
    }
}
