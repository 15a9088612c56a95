"""Seals: digests of executed batches, chained to each other, by which any later change is found."""
