"""Evidence: counts with the first rows, merged, and put into sentences."""

from __future__ import annotations

from batchbook.tables.profile.evidence import KEPT_ROWS, Evidence, evidence_sentence, merge_evidence


def evidence(*places: tuple[int, str]) -> Evidence:
    found = Evidence()
    for row, text in places:
        found.count += 1
        found.keep(row, text)
    return found


def test_all_is_counted_and_the_first_rows_are_kept() -> None:
    found = evidence(*((row, f" {row % 2} ") for row in range(2, 12)))
    assert (found.count, len(found.rows)) == (10, KEPT_ROWS)
    assert (found.rows[0], found.example, found.texts) == (2, "“0” in row 2", ("0", "1"))
    assert found
    assert not Evidence()


def test_merged_evidence_has_the_first_rows_of_all() -> None:
    merged = merge_evidence([evidence((9, "b"), (12, "c")), evidence((3, "a"))])
    assert (merged.count, merged.rows) == (3, (3, 9, 12))


def test_a_sentence_counts_what_fits_both_ways() -> None:
    clear, both = evidence((3, "1.5")), evidence((4, "1.500"), (5, "2.500"))
    assert "“1.5” in row 3" in evidence_sentence("Decimal point", clear, both)
    assert evidence_sentence("Decimal point", clear, both).endswith("2 values fit both.")
