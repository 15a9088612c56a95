"""A file that was uploaded before is recognised by its bytes, whatever became of its batch and whoever looks."""

from __future__ import annotations

import io

from batchbook.batches import BatchFile, State
from batchbook.batches.earlier_uploads import EarlierUpload, MaySee, earlier_upload, earlier_uploads
from batchbook.batches.engine.creation import delete_batch
from batchbook.batches.files import store_file

from .harness import BatchHarness

FILE = b"item,counted,remark\n007,7,\n"


def seen(
    harness: BatchHarness, batch_id: int, may_see: MaySee = lambda _key, _state: True
) -> EarlierUpload | None:
    with harness.engine() as engine:
        file = engine.session.get_one(BatchFile, (batch_id, 1))
        return earlier_upload(engine.session, file, may_see)


def test_the_earliest_upload_of_the_same_bytes_is_found(harness: BatchHarness) -> None:
    first = harness.create(FILE, shelf="A")
    second = harness.create(FILE, name="renamed.csv", shelf="B")
    other = harness.create(FILE + b"008,8,\n", shelf="B")
    third = harness.create(FILE, shelf="A")
    assert seen(harness, first) is None
    assert seen(harness, other) is None
    for later in (second, third):
        found = seen(harness, later)
        assert found is not None
        assert (found.sentence, found.linked) == (f"This is the file of batch {first:08d}.", first)


def test_it_is_known_when_its_batch_is_deleted(harness: BatchHarness) -> None:
    first = harness.create(FILE, shelf="A")
    with harness.engine() as engine:
        delete_batch(engine, first)
    second = harness.create(FILE, shelf="A")  # SQLite gives it the number again.
    found = seen(harness, second)
    assert found is not None
    assert found.sentence == f"This is the file of batch {first:08d}, which has been deleted."
    assert found.linked is None
    third = harness.create(FILE, shelf="A")
    found = seen(harness, third)
    assert found is not None
    assert found.linked == second


def test_who_may_not_see_the_batch_learns_only_that_the_file_was_uploaded(harness: BatchHarness) -> None:
    first, second = harness.create(FILE, shelf="A"), harness.create(FILE, shelf="B")
    asked: list[tuple[str, State | None]] = []

    def refuse(key: str, state: State | None) -> bool:
        asked.append((key, state))
        return False

    found = seen(harness, second, refuse)
    assert found is not None
    assert (found.sentence, found.linked) == (
        "This file was uploaded before, to a batch that you may not see.",
        None,
    )
    with harness.engine() as engine:
        delete_batch(engine, first)
    seen(harness, second, refuse)
    key = harness.batch(second).type
    assert asked == [(key, State.NEW), (key, None)]


def test_worksheets_are_recognised_too(harness: BatchHarness) -> None:
    first, second = harness.create(FILE, shelf="A"), harness.create(b"item\n", shelf="B")
    sentences = []
    for batch_id in (first, first, second):
        with harness.engine() as engine:
            context = engine.context_of(engine.find(batch_id))
            file = store_file(
                context.handler_context, context.batch, "sheet.xlsx", io.BytesIO(b"sheet"), "worksheet"
            )
            found = earlier_uploads(engine.session, [file], lambda _key, _state: True)
            sentences += [earlier.sentence for earlier in found.values()]
    assert sentences == [
        "This worksheet was uploaded before.",
        f"This file was uploaded before, as a worksheet of batch {first:08d}.",
    ]


def test_the_file_of_a_clone_is_recognised_when_its_source_is_deleted(harness: BatchHarness) -> None:
    source = harness.create(FILE, shelf="A")
    clone = harness.clone(source)
    found = seen(harness, clone)
    assert found is not None
    assert found.linked == source
    with harness.engine() as engine:
        delete_batch(engine, source)
    found = seen(harness, harness.create(FILE, shelf="A"))
    assert found is not None
    assert (found.sentence, found.linked) == (f"This is the file of batch {clone:08d}.", clone)
