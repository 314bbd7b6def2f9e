// HTTP: see docs/ARCHITECTURE.md.
