"""Readers of file formats, each giving rows of text: CSV, XLSX, XLS and ODS."""
