"""Normalisation of cells: dates, numbers, and texts with the marks of spreadsheets."""
