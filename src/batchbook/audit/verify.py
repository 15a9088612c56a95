"""Verify an auditor's pack of Batchbook with Python's standard library alone, Python 3.8 or later.

    python -I -S verify.py                      the pack in the folder of this file
    python -I -S verify.py PACK                 a pack: its folder, or its ZIP
    python -I -S verify.py PACK --checkpoint F  … to whose checkpoints the chain of seals must lead as well

It reads and changes nothing. Each difference is one line; the exit status is 0 if there is none, and 1 otherwise. README.txt
describes the format. To be sure of this program itself, take it from a copy of Batchbook, or read it: it is one file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import zipfile
import zlib
from itertools import islice
from pathlib import Path
from typing import IO, Any, Iterable, Iterator, Sequence

KIND = "batchbook auditor's pack 1"
MANIFEST, PACK, CHAIN = "manifest.txt", "pack.json", "chain.jsonl"
GENESIS, SHORT, BLOCK = "0" * 64, 4, 1 << 20
UNSEALED = ("README.txt", "verify.py", MANIFEST)
#: What the comment of the ZIP begins with; the SHA-256 of all bytes before the comment follows.
COMMENT = b"sha256:"
#: Kinds of columns whose values no spreadsheet program takes for a formula.
PLAIN = ("integer", "number", "decimal", "numeric", "boolean", "date", "time", "moment", "datetime")
_LINE = re.compile(rb"([0-9a-f]{64})  ([^\r\n]+)\n")
_QUOTED = re.compile(r'[,"\r\n]').search
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def canonical(value: Any) -> str:
    """Return ``value`` as canonical JSON: no blanks, keys in order."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def encoded(text: str) -> bytes:
    """Return the bytes of ``text`` in UTF-8; half of a pair of surrogates is an escape, as it was in the database."""
    return text.encode("utf-8", "backslashreplace")


def file_path(number: int, name: str) -> str:
    """Return the path of a file within the folder of its batch: its number, and what of its name suits all systems."""
    suitable = re.sub(r"[^\w.() -]", "_", name, flags=re.ASCII)[-100:]
    return f"files/{number:04d}-{suitable}"


def csv_line(values: Iterable[Any], kinds: Iterable[str]) -> bytes:
    """Return a line of CSV with the values of a record; texts that could be run as a formula begin with an apostrophe."""
    texts = (_csv_text(value, kind) for value, kind in zip(values, kinds))
    quoted = ('"{}"'.format(one.replace('"', '""')) if _QUOTED(one) else one for one in texts)
    return encoded(",".join(quoted) + "\r\n")


def csv_heading(names: Sequence[str]) -> bytes:
    """Return the first line of a CSV file, with the mark of UTF-8 before it."""
    return b"\xef\xbb\xbf" + csv_line(names, ["text"] * len(names))


def _csv_text(value: Any, kind: str) -> str:
    text = value if isinstance(value, str) else "" if value is None else canonical(value)
    if kind.partition(":")[0] in PLAIN or not text.strip():
        return text
    risky = text.startswith(_FORMULA) or text.startswith("'") or text[:1].isspace()
    return "'" + text if risky else text


class Pack:
    """A pack: the folder into which it was extracted, or the ZIP as it was downloaded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.zip = None if path.is_dir() else zipfile.ZipFile(str(path))
        self.used = set(UNSEALED)

    def names(self) -> list[str]:
        """Return the paths of all files, with slashes."""
        if self.zip is not None:
            return self.zip.namelist()
        return [one.relative_to(self.path).as_posix() for one in self.path.rglob("*") if not one.is_dir()]

    def open(self, name: str) -> IO[bytes]:
        """Return a file, open to be read as bytes."""
        self.used.add(name)
        return (self.path / name).open("rb") if self.zip is None else self.zip.open(name)

    def zip_problems(self) -> Iterator[str]:
        """Yield a sentence if any byte of a ZIP is not as it was written, be it of a file or between files."""
        if self.zip is None:
            return
        names = sorted(self.zip.namelist())
        yield from (f"{a}: is in the ZIP more than once" for a, b in zip(names, names[1:]) if a == b)  # noqa: RUF007
        left, digest = self.path.stat().st_size - len(COMMENT) - 64, hashlib.sha256()
        with self.path.open("rb") as file:
            while left > 0:
                block = file.read(min(BLOCK, left))
                digest.update(block)
                left -= len(block)
            if file.read() != COMMENT + digest.hexdigest().encode():
                yield f"{self.path.name}: the ZIP as a whole is not as it was written (SHA-256 in its comment)"


def digest_of(pack: Pack, name: str) -> tuple[str, int]:
    """Return the SHA-256 of a file and its size."""
    digest, size = hashlib.sha256(), 0
    try:
        with pack.open(name) as file:
            for block in iter(lambda: file.read(BLOCK), b""):
                digest.update(block)
                size += len(block)
    except Exception:  # noqa: BLE001 - A member of a ZIP may be damaged in any way.
        return "unreadable", size
    return digest.hexdigest(), size


def manifest_problems(pack: Pack) -> Iterator[str]:
    """Yield each file that is not as ``manifest.txt`` has it, is missing, or is not in it."""
    listed: dict[str, str] = {}
    try:
        with pack.open(MANIFEST) as file:
            lines = file.read().splitlines(keepends=True)
    except Exception as error:  # noqa: BLE001 - A member of a ZIP may be damaged in any way.
        yield f"{MANIFEST}: cannot be read ({error}), so no file was compared with it"
        return
    for number, line in enumerate(lines, 1):
        found = _LINE.fullmatch(line)
        if not found:
            yield f"{MANIFEST}, line {number}: is not readable"
            continue
        listed[found.group(2).decode("utf-8", "replace")] = found.group(1).decode()
    names = set(pack.names()) - {MANIFEST}
    for name in sorted(names | set(listed)):
        if name not in names:
            yield f"{name}: is missing"
        elif name not in listed:
            yield f"{name}: is not in {MANIFEST}"
        elif digest_of(pack, name)[0] != listed[name]:
            yield f"{name}: is not as it was written (its SHA-256 is not the one in {MANIFEST})"


class Chain:
    """The chain of seals: the digest of each, by its number, and what is wrong with the chain."""

    def __init__(self, pack: Pack) -> None:
        self.digests: dict[int, str] = {}
        self.problems: list[str] = []
        before = GENESIS
        with pack.open(CHAIN) as lines:
            for number, line in enumerate(lines, 1):
                manifest = json.loads(line.decode("utf-8"))
                digest = hashlib.sha256(line).hexdigest()
                self.digests[number] = digest
                where = f"{CHAIN}, line {number}: "
                if manifest["number"] != number:
                    self.problems.append(f"{where}is not seal {number}")
                elif manifest["previous"] != before:
                    self.problems.append(f"{where}seal {number} does not lead to the one before")
                before = digest

    def checkpoint_problems(self, path: Path) -> Iterator[str]:
        """Yield each checkpoint in a file that the chain does not lead to."""
        for number, line in enumerate(filter(bytes.strip, path.read_bytes().splitlines()), 1):
            taken = json.loads(line.decode("utf-8"))
            if self.digests.get(taken["number"]) != taken["digest"]:
                where = f"{path.name}, checkpoint {number}"
                yield f"{where}: the chain does not lead to this one of seal {taken['number']}"


class Table:
    """The records of a batch in one table, as JSON lines and as CSV, beside what the seal has of them."""

    def __init__(self, pack: Pack, stem: str, sealed: dict[str, Any]) -> None:
        self.pack, self.stem, self.sealed = pack, stem, sealed
        self.names = [name for name, _ in sealed["columns"]]
        self.kinds = [kind for _, kind in sealed["columns"]]

    def problems(self) -> Iterator[str]:
        """Yield what differs from the seal: the first record and its columns; and the first line of CSV that differs."""
        digest, rows = hashlib.sha256(), 0
        for lines in self._chunks():
            digest.update(hashlib.sha256(b"".join(lines)).digest())
            rows += len(lines)
        if (digest.hexdigest(), rows) != (self.sealed["digest"], self.sealed["rows"]):
            yield f"{self.stem}.jsonl{self._place()}: differs from the seal"
        yield from self.csv_problems()

    def csv_problems(self) -> Iterator[str]:
        """Yield the first line of the CSV that is not made of the JSON line, or has no JSON line."""
        with self.pack.open(self.stem + ".csv") as found:
            made = csv_heading(self.names)
            place = "heading"
            if found.read(len(made)) == made:
                for number, line in enumerate(self.lines(), 1):
                    place = f"record {number}"
                    try:
                        values = list(json.loads(line.decode("utf-8")).values())
                    except ValueError:
                        break
                    made = csv_line(values, self.kinds)
                    if found.read(len(made)) != made:
                        break
                else:
                    if not found.read(1):
                        return
                    place = "end"
        yield f"{self.stem}.csv, {place}: is not made of {self.stem}.jsonl"

    def lines(self) -> Iterator[bytes]:
        """Yield the records, each as a line of JSON."""
        with self.pack.open(self.stem + ".jsonl") as lines:
            yield from lines

    def _chunks(self) -> Iterator[list[bytes]]:
        lines = self.lines()
        return iter(lambda: list(islice(lines, self.sealed["chunk_rows"])), [])

    def _place(self) -> str:
        """Return where the first difference is, as far as the digests of the chunks tell."""
        with self.pack.open(self.stem.rpartition("/")[0] + "/digests.jsonl") as stored:
            kept = [one for one in map(_parsed, stored) if one.get("table") == self.sealed["name"]]
        position = -1
        for position, lines in enumerate(self._chunks()):
            if position >= len(kept):
                return f", line {position * self.sealed['chunk_rows'] + 1}"
            if hashlib.sha256(b"".join(lines)).hexdigest() != kept[position]["digest"]:
                return self._place_in(position, lines, kept[position])
        return f", after line {(position + 1) * self.sealed['chunk_rows']}"

    def _place_in(self, position: int, lines: list[bytes], kept: dict[str, Any]) -> str:
        stored = (base64.b64decode(kept[name]) for name in ("row_digests", "column_digests"))
        rows, columns = ([one[at : at + SHORT] for at in range(0, len(one), SHORT)] for one in stored)
        differing = [at for at, line in enumerate(lines) if rows[at : at + 1] != [_short(line)]]
        first = differing[0] if differing else len(lines)
        where = f", line {position * self.sealed['chunk_rows'] + first + 1}"
        records = [_parsed(line) for line in lines]
        if any(list(record) != self.names for record in records):
            return where
        arrays = (encoded(f"[{','.join(canonical(one[name]) for one in records)}]") for name in self.names)
        names = [self.names[at] for at, array in enumerate(arrays) if columns[at : at + 1] != [_short(array)]]
        return where + (f", column {', '.join(names)}" if names else "")


def _short(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(SHORT, "big")


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line.decode("utf-8"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def file_problems(pack: Pack, folder: str, files: Table, chunks: Table) -> Iterator[str]:
    """Yield each file whose bytes are not those of which size and digest were sealed."""
    pieces: dict[int, list[str]] = {}
    for chunk in map(json.loads, chunks.lines()):
        pieces.setdefault(chunk["number"], []).append(chunk["data"])
    for record in map(json.loads, files.lines()):
        name = f"{folder}/{file_path(record['number'], record['name'])}"
        if digest_of(pack, name) != (record["sha256"], record["size"]):
            yield f"{name}: is not the file of which the seal has size and SHA-256"
        with pack.open(name) as file:
            for number, piece in enumerate(pieces.get(record["number"], ()), 1):
                size, _, digest = piece.partition(":")
                if hashlib.sha256(file.read(int(size))).hexdigest() != digest:
                    yield f"{name}, part {number}: is not the part that was sealed"


def batch_problems(pack: Pack, chain: Chain, batch: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with one batch of the pack."""
    folder = batch["folder"]
    with pack.open(folder + "/seal.json") as file:
        line = file.read()
    if hashlib.sha256(line).hexdigest() != chain.digests.get(batch["seal"]):
        yield f"{folder}/seal.json: is not seal {batch['seal']} of the chain"
    manifest = json.loads(line.decode("utf-8"))
    if (manifest["number"], manifest["batch"]) != (batch["seal"], batch["batch"]):
        yield f"{folder}/seal.json: is not the seal of batch {batch['batch']}"
    tables: dict[str, Table] = {}
    for part in manifest["parts"]:
        for sealed in part["tables"]:
            table = Table(pack, f"{folder}/{part['name']}.{sealed['name']}", sealed)
            tables[sealed["name"]] = table
            yield from table.problems()
    yield from file_problems(pack, folder, tables["batch_file"], tables["batch_file_chunk"])
    for effects in batch["effects"]:
        yield from Table(pack, f"{folder}/effects.{effects['name']}", effects).csv_problems()


def problems_of(pack: Pack, checkpoints: Iterable[Path] = ()) -> Iterator[str | dict[str, Any]]:
    """Yield a sentence for each difference in ``pack``, and at last its facts as a mapping, if they can be read."""
    yield from pack.zip_problems()
    yield from manifest_problems(pack)
    pack.used = set(UNSEALED)  # What is opened from here on is held against the seals.
    with pack.open(PACK) as file:
        facts = json.loads(file.read().decode("utf-8"))
    if facts["kind"] != KIND:
        yield f"{PACK}: is not of the kind “{KIND}”"
    chain = Chain(pack)
    yield from chain.problems
    for path in checkpoints:
        yield from chain.checkpoint_problems(path)
    for batch in facts["batches"]:
        try:
            yield from batch_problems(pack, chain, batch)
        except Exception as error:  # noqa: BLE001 - Whatever was made of the files.
            yield f"{batch['folder']}: cannot be verified further ({type(error).__name__}: {error})"
            pack.used.update(pack.names())
        pack.used.add(f"{batch['folder']}/digests.jsonl")
    yield from (f"{name}: is no part of a pack" for name in sorted(set(pack.names()) - pack.used))
    head = [*chain.digests.values()][-1]
    yield {"batches": len(facts["batches"]), "seals": len(chain.digests), "head": head}


def main(arguments: list[str]) -> int:
    """Verify, print the result, and return the exit status."""
    checkpoints: list[Path] = []
    while "--checkpoint" in arguments[:-1]:
        at = arguments.index("--checkpoint")
        checkpoints.append(Path(arguments[at + 1]))
        arguments = arguments[:at] + arguments[at + 2 :]
    path = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    failed, facts = 0, None
    try:
        for found in problems_of(Pack(path), checkpoints):
            facts = found if isinstance(found, dict) else None
            if facts is None:
                failed += 1
                print(f"FAILED {ascii(found)[1:-1]}.")
    except Exception as error:  # noqa: BLE001 - Whatever was made of the files, it must be told.
        failed += 1
        print(f"FAILED {path.name}: cannot be verified further ({type(error).__name__}: {error!a}).")
    if failed or facts is None:
        print(f"The pack is NOT as it was written and sealed. Differences: {max(failed, 1)}.")
        return 1
    print(f"The pack is as it was written, and its batches as they were sealed. Batches: {facts['batches']}.")
    print(f"The chain of seals is unbroken. Seals: {facts['seals']}. Its head is {facts['head']}.")
    print("Compare it with a checkpoint that was kept elsewhere, or name one with --checkpoint.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
