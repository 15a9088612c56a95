"""Pages of batches: each is a page of its type's master view, listed in ``routes``."""
