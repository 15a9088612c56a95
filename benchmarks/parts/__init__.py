"""Parts of Batchbook that are measured by themselves, each in a module with a function ``measure``."""
