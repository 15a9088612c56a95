"""Profile of a table's columns: what their cells look like, and how they are to be read."""
