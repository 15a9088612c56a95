"""Ways to run actions: at once, as jobs, at a set time, on several batches."""
