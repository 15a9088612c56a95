"""A posted filter form is read as a link, whatever is in it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from webob.multidict import MultiDict

from batchbook.master.filter_form import is_reset, query_from_form

from .cakes import MasterHarness, form_of, words


def test_a_form_is_read_as_the_query_of_a_link() -> None:
    form = MultiDict(
        [
            ("query", "f.old.equal=1&q=rye+bread&sort=-price&page=3&size=20&saved=7"),
            ("do", "remove-1"),
            ("group.0", "2"), ("column.0", "price"), ("verb.0", "between"), ("value.0", ""), ("value.0", "5"),
            ("column.1", "name"), ("verb.1", "equal"), ("value.1", "gone"),
            ("group.2", "x"), ("column.2", "vegan"), ("verb.2", "is_true"), ("value.2", "left over"),
            ("group.3", "1"), ("column.3", ""), ("verb.3", "equal"), ("value.3", "no column"),
        ]
    )  # fmt: skip
    assert query_from_form(form) == [
        ("f2.price.between", ""),
        ("f2.price.between", "5"),
        ("f.vegan.is_true", ""),
        ("q", "rye bread"),
        ("sort", "-price"),
        ("size", "20"),
        ("saved", "7"),
    ]
    assert is_reset({"do": "reset"})
    assert not is_reset(form)


def test_a_form_with_too_many_filters_is_read_as_far_as_they_are_used(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    fields = [("csrf_token", form_of(sam.get("/cakes"), "column.0")["csrf_token"].value), ("do", "remove-3")]
    for row in range(1000):
        fields += [(f"column.{row}", "name"), (f"verb.{row}", "not_contains"), (f"value.{row}", f"{row}")]
    link = sam.post("/cakes/view", fields, status=303).location
    values = [value for _, value in parse_qsl(urlsplit(link).query)]
    assert values == [str(row) for row in range(22) if row != 3]
    assert "20 filters at most" in words(sam.get(link))


def test_a_file_in_the_filter_form_is_no_text(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    token = form_of(sam.get("/cakes"), "column.0")["csrf_token"].value
    for name in ("do", "query", "column.0", "verb.0", "value.0"):
        fields = {"csrf_token": token, "column.0": "name", "verb.0": "contains", "value.0": "pie"}
        fields.pop(name, None)
        sam.post("/cakes/view", fields, upload_files=[(name, "a.txt", b"x")], status=303)
    sam.post("/cakes/view", {"csrf_token": token, "query": "\0"}, status=400)
