"""The review of batches before their execution: comments with mentions."""
