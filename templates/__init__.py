"""The page templates, named in code as ``batchbook.templates:<feature>/<page>.jinja2``."""
