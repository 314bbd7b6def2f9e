// ServerCore: see docs/ARCHITECTURE.md.
