// Expressions: see docs/ARCHITECTURE.md.
