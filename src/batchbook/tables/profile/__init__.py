"""Profile of a table's columns: what their cells look like, and what that says about how to read them."""
