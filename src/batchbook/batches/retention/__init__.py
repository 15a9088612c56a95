"""Retention of executed batches: policies, legal holds, and the purge, which leaves a tombstone."""
