"""The history of the package's tables, a branch of its own."""
