// No Apache counterpart: what an administrator asks of sites and configurations

import Bytes
import HostTools
import ServerCore

/// `martinet site`, `martinet doctor` and `martinet ca`.
enum Administration {
    static func authority(_ arguments: [String]) -> Int32 { AuthorityCommand.run(arguments.map { ByteString($0) }) }
    static func doctor(_ arguments: [String]) -> Int32 {
        switch DoctorCommand.read(arguments.map { ByteString($0) }) {
        case .end(let status): return status
        case .command(let command): return TreeDoctor.run(command, CommandLine.everyModule)
        }
    }
    static func site(_ arguments: [String]) -> Int32 {
        var directives: [ByteString: ByteString] = [:]
        for module in CommandLine.everyModule {
            for row in module.directives {
                let name = ByteString(row.name).lowercased
                if directives[name] == nil { directives[name] = module.isStatic ? "" : ByteString(module.symbol) }
            }
        }
        return SiteCommand.run(arguments.map { ByteString($0) }, directives: directives)
    }
}
