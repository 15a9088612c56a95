"""The declaration of a box for quick entry, and how it finds the record and the row that a scan means."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy import Select, inspect, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from batchbook.batches.rows.row_values import RowValues
from batchbook.batches.scans import Scan
from batchbook.declarations import Rule, function_of, instance_of, is_text, or_none, sequence_of
from batchbook.errors import BadInput
from batchbook.grid import Kind, columns_of

#: The rules of what is declared.
QUICK_ENTRY = {
    "label": instance_of(str, "a text"),
    "find": sequence_of(
        InstrumentedAttribute, "a tuple of attributes of a model, such as (Product.item_code,)"
    ),
    "value": or_none(
        instance_of(InstrumentedAttribute, "an attribute of a model, such as Product.item_code")
    ),
    "key": or_none(instance_of(str, "the name of a column")),
    "adds": Rule(
        "the name of a column, a function of handler and batch, or None",
        lambda value: value is None or is_text(value) or function_of("handler", "batch").holds(value),
    ),
    "unknown": instance_of(bool, "True or False"),
    "code": or_none(instance_of(str, "the name of a column")),
    "named_by": sequence_of(str, 'a tuple of names of columns, such as ("description",)'),
    "row_for": or_none(function_of("handler", "batch", "scan")),
}

#: The most records that are looked at for one code. Only a code that very many records share has more.
_MOST_RECORDS = 100
#: The number of codes that one statement looks for.
_TOGETHER = 5_000


@dataclass(frozen=True, kw_only=True)
class QuickEntry:
    """Declaration of a box for quick entry: ``quick_entry`` of a handler. Whatever is scanned or typed becomes a row.

    ``label`` is shown beside the box. A scan finds the record of which one of the attributes ``find``, in the order of their
    rank, is one of the scan's candidates. The row's column ``key`` gets the record's ``value``, an attribute that is by
    default the last one of ``find``. With ``unknown``, a code that no record has becomes a row with the code itself; otherwise
    it is refused.

    With ``adds``, a column of numbers, a scan adds its quantity there: to the row that has the key already, or else to a new
    one. It may be a function of the handler and the batch that returns the column's name, or ``None``. Without it, each scan is
    a row. The column ``code`` of a new row gets the code as it was scanned. ``named_by`` are the columns of the row that name it to people in the answer, such as its description; by default ``key``.

    ``row_for(handler, batch, scan)`` is asked first, for anything special: it returns the values of a row, or ``None`` to
    have the record found as described. Values without a quantity for ``adds`` get the scan's.
    """

    label: str
    find: Sequence[InstrumentedAttribute[Any]] = ()
    value: InstrumentedAttribute[Any] | None = None
    key: str | None = None
    # They get the author's own handler and header, whose types only the author's code knows.
    adds: str | Callable[[Any, Any], str | None] | None = None
    unknown: bool = False
    code: str | None = None
    named_by: Sequence[str] = ()
    row_for: Callable[[Any, Any, Scan], RowValues | None] | None = None

    def check(self, where: str, row: type[Any]) -> None:
        """Raise ``ConfigurationError`` for parts that contradict each other, and for names that are no columns of ``row``."""
        adds = self.adds if isinstance(self.adds, str) else None
        columns = {column.name: column for column in columns_of(row, self._names(where, row, adds))}
        if not self.find and self.row_for is None:
            raise ConfigurationError(f"{where} finds nothing: give it find and key, or row_for.")
        if (self.find or self.adds or self.unknown) and self.key is None:
            raise ConfigurationError(f"{where} needs key, the column of {row.__name__} that gets the code.")
        if len({attribute.class_ for attribute in self.find}) > 1:
            raise ConfigurationError(f"{where}.find must be attributes of one model.")
        if adds and not (columns[adds].editable and columns[adds].kind in (Kind.INTEGER, Kind.DECIMAL)):
            raise ConfigurationError(
                f"{where}.adds must be a column of numbers that people may edit, and {row.__name__}.{adds} is none."
            )

    def _names(self, where: str, row: type[Any], adds: str | None) -> list[str]:
        names = [name for name in (self.key, adds, self.code, *self.named_by) if name]
        for name in names:
            if name not in inspect(row).column_attrs:
                raise ConfigurationError(f"{where} names {name!r}, which is no column of {row.__name__}.")
        return list(dict.fromkeys(names))

    def adds_to(self, handler: Any, batch: Any) -> str | None:
        """Return the name of the column to which scans add in ``batch``; ``None`` if each scan is a row."""
        return self.adds(handler, batch) if callable(self.adds) else self.adds

    def values(self, handler: Any, batch: Any, scan: Scan) -> tuple[RowValues | None, Sequence[str]]:
        """Return the values of the row for ``scan``, without its quantity, and further spellings of its key.

        ``None`` for the values if it is not recognised. Only an unknown code has spellings: those of a known one may be the keys
        of other records. Raises ``BadInput`` for a code with a wrong check digit, and for one that several records share.
        """
        if scan.problem and scan.is_certain:
            raise BadInput(f"{scan.problem} Scan it again; nothing was entered.")
        special = self.row_for(handler, batch, scan) if self.row_for else None
        if special is not None or self.key is None:
            return special, ()
        found = self.record_value(handler.session, scan)
        if found is None and scan.problem:
            raise BadInput(f"{scan.problem} Scan or type it again; nothing was entered.")
        if found is None and not self.unknown:
            return None, ()
        own = {} if self.code is None else {self.code: scan.code}
        if found is None:
            return {**own, self.key: scan.code}, self._free_spellings(handler.session, scan)
        return {**own, self.key: found}, ()

    def _free_spellings(self, session: Session, scan: Scan) -> Sequence[str]:
        """Return the candidates of ``scan``, which no record has as one of ``find``, that are not the ``value`` of one either."""
        if not self.find or self.value is None or any(self.value is one for one in self.find):
            return scan.candidates
        taken = {*session.scalars(select(self.value).where(self.value.in_(scan.candidates)))}
        return [one for one in scan.candidates if one not in taken]

    def record_value(self, session: Session, scan: Scan) -> Any:
        """Return the ``value`` of the record that ``scan`` means; ``None`` if there is none.

        The likeliest spelling counts; raises ``BadInput`` if several records have it.
        """
        if not self.find:
            return None
        best = _best(scan, session.execute(self._having(scan.candidates).limit(_MOST_RECORDS)))
        if len(best) > 1:
            raise BadInput(
                f"“{scan.code}” is the code of several records, such as {best[0]} and {best[1]}, so nothing was entered. Type the"
                " one that you mean."
            )
        return best[0] if best else None

    def record_values(self, session: Session, scans: Sequence[Scan]) -> list[Sequence[Any]]:
        """Return, for each of ``scans``, the values of the records that it means: none, one, or several with the same code.

        For codes of a file: what :meth:`record_value` finds for one of them, found for many by a few statements.
        """
        by_code: dict[Any, list[Sequence[Any]]] = {}
        for candidates in _in_parts(scans) if self.find else ():
            for record in session.execute(self._having(candidates)):
                for code in {*record[1:]} - {None}:
                    by_code.setdefault(code, []).append(record)
        return [
            _best(scan, [record for code in scan.candidates for record in by_code.get(code, ())])
            for scan in scans
        ]

    def _having(self, candidates: Collection[str]) -> Select[Any]:
        """Return the SELECT of the value and the codes of all records with one of ``candidates``."""
        value = self.value or self.find[-1]
        known = [attribute.in_(candidates) for attribute in self.find]
        return select(value, *self.find).where(or_(*known))


def _best(scan: Scan, records: Iterable[Sequence[Any]]) -> list[Any]:
    """Return the values of those of ``records`` that have the likeliest spelling of ``scan``, sorted; each is value and codes."""
    rank = {candidate: place for place, candidate in enumerate(scan.candidates)}
    ranked: dict[tuple[int, int], set[Any]] = {}
    for own, *codes in records:
        for place, code in enumerate(codes):
            if code in rank:
                ranked.setdefault((rank[code], place), set()).add(own)
    return sorted(ranked[min(ranked)]) if ranked else []


def _in_parts(scans: Sequence[Scan]) -> Iterator[Sequence[str]]:
    """Yield all candidates of ``scans``, each once, in parts that a statement may name."""
    candidates = iter(dict.fromkeys(one for scan in scans for one in scan.candidates))
    while together := [*islice(candidates, _TOGETHER)]:
        yield together
