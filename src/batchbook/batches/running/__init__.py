"""Running actions: at once, as jobs, at a scheduled time, and on several batches."""
