"""Pages of a batch's rows."""
