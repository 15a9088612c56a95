"""Layout of a table within its file: encoding, delimiter, sheet and header row."""
