"""Rows of batches: in a table shared by all batches of a type, or in one table for each batch."""
