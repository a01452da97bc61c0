"""The SQLite engine: one file, one writer with group commit, readers beside it, a full-text index that follows."""
