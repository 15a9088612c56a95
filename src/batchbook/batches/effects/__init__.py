"""Effects of executions: the records that a batch created, changed and deleted, with their values before and after."""
