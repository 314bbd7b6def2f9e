// MPM: see docs/ARCHITECTURE.md.
