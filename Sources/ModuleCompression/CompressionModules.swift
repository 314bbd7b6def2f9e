// Apache: modules.c; the modules that need a compression library

import ServerCore

/// The modules of this target, for the composition's list.
public let compressionModules: [ModuleDefinition] = [Brotli.module, Deflate.module]
