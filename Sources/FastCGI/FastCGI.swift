// FastCGI: see docs/ARCHITECTURE.md.
