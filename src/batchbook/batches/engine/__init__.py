"""Engine: actions on one batch, done in its transaction."""
