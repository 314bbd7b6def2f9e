// EventLoop: see docs/ARCHITECTURE.md.
