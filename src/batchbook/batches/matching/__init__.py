"""Matching of rows whose key is in no record: likely records, matches that are remembered, and batches of new records."""
