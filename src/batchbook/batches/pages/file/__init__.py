"""Pages of the file from which a batch is made."""
