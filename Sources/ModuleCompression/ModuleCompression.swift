// ModuleCompression: see docs/ARCHITECTURE.md.
