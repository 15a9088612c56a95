"""The program that verifies a pack: in a bare interpreter it finds each changed byte, and says where."""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from batchbook.audit import verify
from batchbook.grid import Column, Kind, csv_chunks


def bare(*arguments: object) -> tuple[int, str]:
    """Run the program in an interpreter without site packages, environment and working directory."""
    command = [sys.executable, "-I", "-S", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def flipped(path: Path, at: int) -> Callable[[], None]:
    """Flip a bit of the byte ``at``; return the function that puts it back."""
    before = path.read_bytes()
    data = bytearray(before)
    data[at] ^= 1
    path.write_bytes(data)
    return lambda: path.write_bytes(before) and None


def found(path: Path) -> str:
    """Return what the program prints, run in this process, which must fail."""
    lines = []
    try:
        for one in verify.problems_of(verify.Pack(path)):
            lines += [one] if isinstance(one, str) else []
    except Exception as error:  # noqa: BLE001 - As the program's main function does.
        lines.append(f"{error}")
    assert lines
    return "\n".join(lines)


def places(size: int) -> set[int]:
    return {0, size // 3, size // 2, size - 1}


def test_a_pack_verifies_in_a_bare_interpreter(extracted: Path, packed: bytes, tmp_path: Path) -> None:
    status, said = bare(extracted / "verify.py")
    assert status == 0, said
    head = hashlib.sha256((extracted / "chain.jsonl").read_bytes().splitlines(keepends=True)[-1]).hexdigest()
    assert said.splitlines()[:2] == [
        "The pack is as it was written, and its batches as they were sealed. Batches: 2.",
        f"The chain of seals is unbroken. Seals: 2. Its head is {head}.",
    ]
    archive = tmp_path / "pack.zip"
    archive.write_bytes(packed)
    assert bare(extracted / "verify.py", archive) == (0, said)
    right, wrong = tmp_path / "right.txt", tmp_path / "wrong.txt"
    right.write_text(json.dumps({"number": 2, "digest": head}) + "\n")
    wrong.write_text(json.dumps({"number": 2, "digest": "0" * 64}) + "\n")
    assert bare(extracted / "verify.py", extracted, "--checkpoint", right)[0] == 0
    status, said = bare(extracted / "verify.py", extracted, "--checkpoint", wrong)
    assert (status, said.splitlines()[0]) == (
        1,
        "FAILED wrong.txt, checkpoint 1: the chain does not lead to this one of seal 2.",
    )


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_flipped_byte_of_any_file_is_found_and_named(extracted: Path) -> None:
    files = sorted(path for path in extracted.rglob("*") if path.is_file())
    assert len(files) > 30
    for path in files:
        name = path.relative_to(extracted).as_posix()
        for at in places(path.stat().st_size) if path.stat().st_size else ():
            put_back = flipped(path, at)
            said = found(extracted)
            # In the manifest, a byte may be part of the path or of the digest of another file.
            assert name in said or name == "manifest.txt", (name, at, said)
            put_back()
    sample = extracted / "batch-00000001" / "rows.price_change_row.jsonl"
    put_back = flipped(sample, 300)
    status, said = bare(extracted / "verify.py")
    assert status == 1
    assert "FAILED batch-00000001/rows.price_change_row.jsonl" in said
    put_back()
    (extracted / "batch-00000001" / "more.txt").write_text("x")
    assert "batch-00000001/more.txt: is not in manifest.txt" in found(extracted)
    sample.unlink()
    assert "batch-00000001/rows.price_change_row.jsonl: is missing" in found(extracted)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_flipped_byte_anywhere_in_the_zip_is_found(packed: bytes, tmp_path: Path) -> None:
    archive = tmp_path / "pack.zip"
    archive.write_bytes(packed)
    size = len(packed)
    # Bytes of heads, of contents, of the directory, of the end record, and of the comment.
    for at in [*range(60), *range(60, size, size // 150), *range(size - 120, size)]:
        put_back = flipped(archive, at)
        assert found(archive), at
        put_back()
    put_back = flipped(archive, packed.index(b"0001-list.csv") + 60)
    status, said = bare(Path(verify.__file__), archive)
    assert status == 1
    assert "FAILED pack.zip: the ZIP as a whole is not as it was written" in said
    assert said.count("FAILED") >= 2  # And the file in which the byte is.
    put_back()
    archive.write_bytes(packed[:-1])
    assert found(archive)


def reads_as_before(archive: Path, member: zipfile.ZipInfo) -> bool:
    """Say whether a member has the size and the checksum in ``archive`` that it had when it was written."""
    with zipfile.ZipFile(archive) as changed:
        content = changed.read(member.filename)
    return (len(content), zlib.crc32(content)) == (member.file_size, member.CRC)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_byte_changed_anywhere_in_a_member_of_the_zip_is_found_in_its_file(
    packed: bytes, tmp_path: Path
) -> None:
    archive, chance = tmp_path / "pack.zip", Random(11)
    archive.write_bytes(packed)
    with zipfile.ZipFile(archive) as whole:
        members = [one for one in whole.infolist() if one.file_size]
    for member in members:
        name, extra = (int.from_bytes(packed[member.header_offset + at :][:2], "little") for at in (26, 28))
        first = member.header_offset + 30 + name + extra
        for at in {first, *(chance.randrange(first, first + member.compress_size) for _ in range(5))}:
            changed = bytearray(packed)
            changed[at] ^= chance.randint(1, 255)
            archive.write_bytes(changed)
            said = found(archive)
            assert "pack.zip: the ZIP as a whole is not as it was written" in said
            # A few bits mean nothing, as whether a block of a compressed file is its last one.
            assert member.filename in said or reads_as_before(archive, member), (at, said)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_byte_changed_anywhere_in_a_file_is_found_there(extracted: Path, data: st.DataObject) -> None:
    files = sorted(path for path in extracted.rglob("*") if path.is_file() and path.stat().st_size)
    path = data.draw(st.sampled_from(files), label="file")
    before = path.read_bytes()
    changed = bytearray(before)
    at = data.draw(st.integers(0, len(before) - 1), label="at")
    changed[at] ^= data.draw(st.integers(1, 255), label="bits")
    path.write_bytes(changed)
    try:
        said = found(extracted)
    finally:
        path.write_bytes(before)
    # In the manifest, a byte may be part of the path or of the digest of another file.
    assert path.relative_to(extracted).as_posix() in said


def resealed(folder: Path) -> None:
    """Write the manifest of files anew, as somebody would who wants to hide a change."""
    lines = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != "manifest.txt":
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n")
    (folder / "manifest.txt").write_text("".join(lines))


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "rows.price_change_row.jsonl", '"new_price":"2.00"', '"new_price":"7.00"',
            "batch-00000001/rows.price_change_row.jsonl, line 1, column new_price: differs from the seal",
        ),
        (
            "cells.cell_change.jsonl", '"new":"1.00"', '"new":"9.00"',
            "batch-00000001/cells.cell_change.jsonl, line 1, column new: differs from the seal",
        ),
        (
            "header.batch.jsonl", '"executed_by":"staff"', '"executed_by":"staf"',
            "batch-00000001/header.batch.jsonl, line 1, column executed_by: differs from the seal",
        ),
        (
            "rows.price_change_row.csv", ",2.00,", ",7.00,",
            "batch-00000001/rows.price_change_row.csv, record 1: is not made of",
        ),
        ("files/0001-list.csv", "2.00", "7.00", "/files/0001-list.csv: is not the file of which the seal has"),
        ("seal.json", '"late":false', '"late":true', "batch-00000001/seal.json: is not seal 1 of the chain"),
        ("effects.price_history.jsonl", '"2.00"', '"7.00"', "effects.price_history.csv, record 2: is not made of"),
    ],
)  # fmt: skip
def test_what_was_changed_with_the_manifest_of_files_differs_from_the_seal(
    extracted: Path, name: str, old: str, new: str, said: str
) -> None:
    path = extracted / "batch-00000001" / name
    text = path.read_bytes().decode()
    assert old in text, text
    path.write_bytes(text.replace(old, new, 1).encode())
    resealed(extracted)
    assert said in found(extracted)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_no_seal_covers_is_named(extracted: Path, packed: bytes, tmp_path: Path) -> None:
    for name in ("batch-00000001/files/0002-contract.pdf", "batch-00000003/seal.json", "note.txt"):
        added = extracted / name
        added.parent.mkdir(exist_ok=True)
        added.write_text("Invented.")
        resealed(extracted)
        assert f"{name}: is no part of a pack" in found(extracted)
        added.unlink()
    twice = tmp_path / "twice.zip"
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(twice, "w") as new:
        for one in old.namelist():
            new.writestr(one, "Invented." if one == "README.txt" else old.read(one))
        with pytest.warns(UserWarning, match="Duplicate"):
            new.writestr("README.txt", old.read("README.txt"))
    assert "README.txt: is in the ZIP more than once" in found(twice)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_chain_with_a_seal_changed_or_left_out_is_found(extracted: Path) -> None:
    chain = extracted / "chain.jsonl"
    first, second = chain.read_bytes().splitlines(keepends=True)
    chain.write_bytes(first.replace(b'"late":false', b'"late":true') + second)
    resealed(extracted)
    assert "chain.jsonl, line 2: seal 2 does not lead to the one before" in found(extracted)
    chain.write_bytes(second)
    resealed(extracted)
    assert "chain.jsonl, line 1: is not seal 1" in found(extracted)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-x", "@a", "\tx", "\uff1d1", "'quoted", " blank", '="001"', "plain", "a, b", " "]
)
def test_texts_of_csv_are_as_safe_as_those_of_exports(text: str) -> None:
    column: Any = Column("name", "name", None, Kind.TEXT)  # type: ignore[arg-type]
    rows = IteratorResult(SimpleResultMetaData(["name"]), iter([(text,)])).all()
    exported = b"".join(csv_chunks([column], rows))
    made = verify.csv_heading(["name"]) + verify.csv_line([text], ["text"])
    assert list(csv.reader(io.StringIO(made.decode()))) == list(csv.reader(io.StringIO(exported.decode())))
    assert verify.csv_line(["-1.50", None, True], ["decimal:2", "text", "boolean"]) == b"-1.50,,true\r\n"


def test_names_of_files_suit_all_systems() -> None:
    assert verify.file_path(3, "../../etc/pass wd\n.csv") == "files/0003-.._.._etc_pass wd_.csv"


def test_the_program_is_for_python_3_8_and_its_standard_library() -> None:
    tree = ast.parse(Path(verify.__file__).read_text(), feature_version=(3, 8))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
