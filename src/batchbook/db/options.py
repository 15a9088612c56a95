"""The execution options by which a session tells the engine's recipe what its transaction is for."""

#: The transaction must not write; the database refuses if it does.
READ_ONLY = "batchbook_read_only"

#: The :class:`~batchbook.db.waiting.Waiting` that limits how many may wait for SQLite's write lock; without it, none does.
WAITING = "batchbook_waiting"

#: The engine of what is kept beside a SQLite database.
BESIDE_ENGINE = "batchbook_beside_engine"
