"""Pages of one batch as a whole."""
