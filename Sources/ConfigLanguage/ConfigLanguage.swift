// ConfigLanguage: see docs/ARCHITECTURE.md.
