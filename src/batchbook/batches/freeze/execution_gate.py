"""The triggers that enforce a type's policy where a batch becomes executed, and that keep policies and approvals as they are.

The condition is the same text on both databases. It repeats in SQL what :mod:`batchbook.batches.policies.second_person` finds
for people, with its reasons; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from batchbook.batches.freeze.postgresql import schema_of

#: The messages of the triggers.
GATE_MESSAGE = "The policy of this type of batch does not allow this execution: another person is needed, or an approval."
KEPT_MESSAGE = "Policies and approvals are kept as they are: a new one is added instead."

#: The names of the triggers, by table.
TRIGGERS = {
    "batch": ("gate_batch_executed",),
    "batch_policy": ("kept_batch_policy_update", "kept_batch_policy_delete", "kept_batch_policy_insert"),
    "batch_approval": ("kept_batch_approval_update",),
}

_EDITED = (
    "EXISTS (SELECT 1 FROM operation AS o WHERE o.batch_id = NEW.id AND o.actor = {user}"
    " AND (o.kind IN ('populate', 'intake') OR (o.cells > 0 AND o.kind <> 'remembered')))"
)
_APPROVERS = f"""(SELECT count(DISTINCT a.signed_by) FROM batch_approval AS a WHERE a.batch_id = NEW.id AND a.kind = 'approve'
    AND a.digest = e.digest AND a.signed_by <> NEW.created_by AND NOT {_EDITED.format(user="a.signed_by")})"""  # noqa: S608 - All names are those above.
_SIGNED = "e.batch_id = NEW.id AND e.kind = 'execute' AND e.signed_by = NEW.executed_by"

# The last signature of an execution names the content for which approvals count.
_REFUSED = f"""EXISTS (
    SELECT 1 FROM batch_policy AS p
    WHERE p.type = NEW.type AND p.number = (SELECT max(number) FROM batch_policy AS q WHERE q.type = NEW.type) AND (
        (p.other_than_editor AND (NEW.executed_by IS NULL OR NEW.executed_by = NEW.created_by
            OR {_EDITED.format(user="NEW.executed_by")}))
        OR (p.other_than_completer AND (NEW.executed_by IS NULL OR NEW.completed_by IS NULL
            OR NEW.executed_by = NEW.completed_by))
        OR (p.signature AND NOT EXISTS (SELECT 1 FROM batch_approval AS e WHERE {_SIGNED}))
        OR (p.approvals > 0 AND NOT EXISTS (SELECT 1 FROM batch_approval AS e WHERE {_SIGNED}
            AND e.number = (SELECT max(f.number) FROM batch_approval AS f WHERE f.batch_id = NEW.id AND f.kind = 'execute')
            AND (coalesce(e.amount <= p.approvals_above, FALSE) OR p.approvals <= {_APPROVERS})))
    )
)"""  # noqa: S608 - All names are those above.

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION batchbook_gate_execution() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF {refused} THEN
        RAISE EXCEPTION '{gate}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION batchbook_keep_policies() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.number = (SELECT coalesce(max(number), 0) + 1 FROM batch_policy WHERE type = NEW.type) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '{kept}' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def add_execution_gate(connection: Connection) -> None:
    """Create the triggers. The migration that creates the tables of policies and approvals calls this."""
    if connection.dialect.name == "postgresql":
        names = {"refused": _REFUSED, "gate": GATE_MESSAGE, "kept": KEPT_MESSAGE}
        connection.execute(text(_FUNCTIONS.format(schema=schema_of(connection), **names)))
        statements = _on_postgresql()
    else:
        statements = _on_sqlite()
    for statement in statements:
        connection.exec_driver_sql(statement)


def drop_execution_gate(connection: Connection) -> None:
    """Drop the trigger of the header table, and the functions; the other triggers are dropped with their tables."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP TRIGGER gate_batch_executed ON batch")
        connection.exec_driver_sql("DROP FUNCTION batchbook_gate_execution()")
        connection.exec_driver_sql("DROP FUNCTION batchbook_keep_policies() CASCADE")
    else:
        connection.exec_driver_sql("DROP TRIGGER gate_batch_executed")


def _on_postgresql() -> Iterator[str]:
    yield (
        "CREATE TRIGGER gate_batch_executed BEFORE UPDATE ON batch FOR EACH ROW"
        " WHEN (NEW.state = 'executed' AND OLD.state IS DISTINCT FROM 'executed')"
        " EXECUTE FUNCTION batchbook_gate_execution()"
    )
    for table in ("batch_policy", "batch_approval"):
        for name in TRIGGERS[table]:
            event = name.rpartition("_")[2].upper()
            yield (
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION batchbook_keep_policies()"
            )
    yield (
        "CREATE TRIGGER kept_batch_policy_truncate BEFORE TRUNCATE ON batch_policy"
        " FOR EACH STATEMENT EXECUTE FUNCTION batchbook_keep_policies()"
    )


def _on_sqlite() -> Iterator[str]:
    yield _sqlite_trigger(
        "gate_batch_executed",
        "UPDATE",
        "batch",
        f"NEW.state = 'executed' AND OLD.state <> 'executed' AND {_REFUSED}",
        GATE_MESSAGE,
    )
    last = "(SELECT coalesce(max(number), 0) + 1 FROM batch_policy WHERE type = NEW.type)"
    # REPLACE silently deletes the row that has the same key, so a new row has the next number.
    yield _sqlite_trigger(
        "kept_batch_policy_insert", "INSERT", "batch_policy", f"NEW.number <> {last}", KEPT_MESSAGE
    )
    for table, event in (
        ("batch_policy", "UPDATE"),
        ("batch_policy", "DELETE"),
        ("batch_approval", "UPDATE"),
    ):
        yield _sqlite_trigger(f"kept_{table}_{event.lower()}", event, table, "TRUE", KEPT_MESSAGE)


def _sqlite_trigger(name: str, event: str, table: str, condition: str, message: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {condition}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )
