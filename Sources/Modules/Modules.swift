// Modules: see docs/ARCHITECTURE.md.
