"""The engine: actions on one batch, performed in the caller's transaction."""
