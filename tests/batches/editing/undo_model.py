"""A batch with undo as plain Python: what it must hold after any sequence of operations by several people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

#: A changed cell: the number of its row, 0 for the header, its field, and its text before and after.
Change = tuple[int, str, str, str]
Texts = dict[str, str]

FIELDS = ("item_code", "counted", "remark")
#: The text before of the mark of a row that was not there.
ABSENT = "absent"


class RefusalError(Exception):
    """Nothing is changed."""


@dataclass
class Op:
    actor: str
    kind: str
    cells: list[Change] = field(default_factory=list)
    reverses: int | None = None
    #: The rows after the operation.
    after: list[Texts] = field(default_factory=list)


@dataclass
class Model:
    """The header and rows, each a mapping of texts with the mark "removed", and all operations; their numbers begin with 1."""

    rows: list[Texts]
    header: Texts
    ops: list[Op]

    def row(self, number: int) -> Texts:
        return self.rows[number - 1] if number else self.header

    def _record(self, actor: str, kind: str, cells: Sequence[Change], reverses: int | None = None) -> None:
        if not cells:
            return
        for number, name, _old, new in cells:
            self.row(number)[name] = new
        self.ops.append(Op(actor, kind, list(cells), reverses, deepcopy(self.rows)))

    # --- What people do ---

    def edit(self, actor: str, kind: str, texts: Mapping[int, Texts]) -> None:
        rows = [number for number in texts if number]
        if any(self.row(number)["removed"] == "yes" for number in rows):
            raise RefusalError
        cells = [
            (number, name, self.row(number)[name], text)
            for number in sorted(texts)
            for name, text in texts[number].items()
            if self.row(number)[name] != text
        ]
        self._record(actor, kind, cells)
        self._refresh(actor, cells)

    def _refresh(self, actor: str, cells: Iterable[Change]) -> None:
        if any(number == 0 and name == "tolerance" for number, name, *_ in cells):
            self.ops.append(Op(actor, "refresh"))

    def add(self, actor: str, texts: Texts) -> None:
        self._record(actor, "add", self._added(texts))

    def paste(self, actor: str, texts: Mapping[int, Texts], added: Sequence[Texts]) -> None:
        """Change those of the cells whose rows are not removed, and add rows, as one operation."""
        kept = {number: cells for number, cells in texts.items() if self.row(number)["removed"] == "no"}
        cells = [
            (number, name, self.row(number)[name], text)
            for number in sorted(kept)
            for name, text in kept[number].items()
            if self.row(number)[name] != text
        ]
        self._record(actor, "paste", [*cells, *(cell for row in added for cell in self._added(row))])

    def _added(self, texts: Texts) -> list[Change]:
        self.rows.append({**dict.fromkeys(FIELDS, ""), "removed": ABSENT})
        number = len(self.rows)
        cells = [(number, name, "", text) for name, text in texts.items() if text]
        return [*cells, (number, "removed", ABSENT, "no")]

    def mark(self, actor: str, numbers: Iterable[int], mark: str) -> None:
        other = "no" if mark == "yes" else "yes"
        cells = [(n, "removed", other, mark) for n in sorted(numbers) if self.row(n)["removed"] == other]
        if not cells:
            raise RefusalError
        self._record(actor, "remove" if mark == "yes" else "restore", cells)

    # --- Undo and redo ---

    def undo(self, actor: str) -> tuple[int, int]:
        """Undo what can be undone next; return the numbers of cells that changed and that were left alone."""
        return self._first([n for n, op in self._open() if op.actor == actor and op.kind != "undo"], actor)

    def redo(self, actor: str) -> tuple[int, int]:
        own = [number for number, op in enumerate(self.ops, 1) if op.actor == actor and op.cells]
        last = max((n for n in own if self.ops[n - 1].reverses is None), default=0)
        undone = [n for n, op in self._open() if op.actor == actor and op.kind == "undo" and n > last]
        return self._first(undone, actor)

    def reverse(self, actor: str, number: int, *, partly: bool) -> tuple[int, int]:
        if number not in [n for n, _ in self._open()]:
            raise RefusalError
        done, left = self._reversed(self.ops[number - 1])
        if not done or (left and not partly):
            raise RefusalError
        self._store(actor, number, done)
        return len(done), left

    def _open(self) -> list[tuple[int, Op]]:
        """Return the operations that are not reversed, with their numbers."""
        reversed_ones = {op.reverses for op in self.ops}
        return [(n, op) for n, op in enumerate(self.ops, 1) if op.cells and n not in reversed_ones]

    def _first(self, numbers: Sequence[int], actor: str) -> tuple[int, int]:
        for number in reversed(numbers):
            done, left = self._reversed(self.ops[number - 1])
            if done:
                self._store(actor, number, done)
                return len(done), left
        raise RefusalError

    def _store(self, actor: str, number: int, cells: list[Change]) -> None:
        kind = "redo" if self.ops[number - 1].kind == "undo" else "undo"
        self._record(actor, kind, cells, number)
        self._refresh(actor, cells)

    def _reversed(self, op: Op) -> tuple[list[Change], int]:
        done, left = [], 0
        added = {number for number, _name, old, _new in op.cells if old == ABSENT}
        for number, name, old, new in op.cells:
            if number in added and name != "removed":
                continue
            now, wanted = self.row(number)[name], "yes" if old == ABSENT else old
            if now == wanted:
                continue
            if self._is_overtaken(op, number, name, now, new, wanted):
                left += 1
            else:
                done.append((number, name, now, wanted))
        return done, left

    def _is_overtaken(self, op: Op, number: int, name: str, now: str, new: str, wanted: str) -> bool:
        if number == 0:
            return now != new
        row = self.row(number)
        if name == "removed":
            then = op.after[number - 1]
            return wanted == "yes" and any(row[one] != then[one] for one in FIELDS)
        return row["removed"] == "yes" or now != new
