// Apache: server/core.c; mod_info's ?hooks page

import ServerCore

/// `-D DUMP_HOOKS`: which modules take part in each phase, in running order.
enum HookDump {
    static func write(_ hooks: Hooks) {
        print("Hooks:")
        for (name, modules) in hooks.modulesByPhase where !modules.isEmpty {
            print("  \(name)")
            for module in modules { print("    \(module)") }
        }
    }
}
