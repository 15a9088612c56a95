"""Verifying from the command line, and checkpoints: sentences, exit statuses, files."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, text
from tests.batches.attacked import make_batches
from tests.batches.seal.authority import authority_address, authority_folder  # noqa: F401 - They are fixtures.

from batchbook.batches.freeze import unfreeze_table
from batchbook.batches.seal.checkpoints import Checkpoint
from batchbook.db.transactions import transaction_scope
from batchbook.testing.databases import Fill

Run = Callable[..., Result]


@pytest.fixture
def fill(fill: tuple[Fill, ...]) -> tuple[Fill, ...]:
    return (*fill, make_batches)


def tamper(engine: Engine, *statements: str) -> None:
    """Change what is sealed, as the owner of the database can."""
    with transaction_scope(engine) as session:
        if engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for table in ("price_change_row", "seal", "seal_chunk"):
                unfreeze_table(session.connection(), table)
        for statement in statements:
            session.execute(text(statement))


def test_a_batch_that_nobody_changed_is_as_sealed(batchbook: Run) -> None:
    found = batchbook("verify", 1)
    assert found.exit_code == 0
    assert "Batch 00000001 is as it was sealed by seal 1 of " in found.output
    assert "The chain of 1 seal is unbroken." in found.output
    everything = batchbook("verify", "--all")
    assert everything.output.splitlines() == [
        "The chain of 1 seal is unbroken.",
        "Verified 1 batch: 1 as sealed.",
    ]


def test_what_differs_is_named_and_told_by_the_exit_status(batchbook: Run, engine: Engine) -> None:
    tamper(engine, "UPDATE price_change_row SET new_price = 7 WHERE batch_id = 1 AND sequence = 2")
    found = batchbook("verify", "--all")
    assert found.exit_code == 1
    assert found.output.splitlines()[0] == (
        "Batch 00000001, seal 1, table price_change_row, sequence 2, column new_price: was changed."
    )
    assert "Verified 1 batch: 1 differs." in found.output
    data = json.loads(batchbook("verify", "--since", 1, "--json").output)
    difference = data["batches"][0]["difference"]
    assert (difference["table"], difference["record"], difference["columns"]) == (
        "price_change_row",
        "sequence 2",
        ["new_price"],
    )


def test_batches_of_before_are_told_and_can_be_sealed(batchbook: Run, engine: Engine) -> None:
    tamper(engine, "DELETE FROM seal", "DELETE FROM seal_chunk")
    found = batchbook("verify", "--all")
    assert found.exit_code == 3
    assert "Batch 00000001 has no seal, because it was executed before there were seals." in found.output
    assert batchbook("seal", "add").output == "Sealed 1 batch.\n"
    assert batchbook("seal", "add").output == "Each executed batch has a seal.\n"
    found = batchbook("verify", 1)
    assert found.exit_code == 0
    assert "which was made after the execution" in found.output


@pytest.mark.parametrize("arguments", [(), (1, "--all"), (1, "--since", 1)])
@pytest.mark.parametrize("backend", ["sqlite"])
def test_it_must_be_clear_what_to_verify(batchbook: Run, arguments: tuple[Any, ...]) -> None:
    assert batchbook("verify", *arguments).exit_code == 2


def test_an_unexecuted_batch_is_refused(batchbook: Run) -> None:
    found = batchbook("verify", 2)
    assert found.exit_code == 1
    assert "nothing to verify" in found.output


def test_a_checkpoint_finds_a_chain_that_was_rewritten(
    batchbook: Run, engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoints.txt"
    printed = batchbook("seal", "checkpoint").output
    taken = Checkpoint.from_line(printed)
    assert taken.number == 1
    assert len(taken.digest) == 64
    assert "It was added to" in batchbook("seal", "checkpoint", "--to", file).output
    assert batchbook("seal", "checkpoint", "--to", file, "--json").exit_code == 0
    assert len(file.read_text().splitlines()) == 2
    found = batchbook("verify", "--checkpoint", file)
    assert (found.exit_code, found.output) == (
        0,
        "The chain of 1 seal is unbroken, and leads to 2 checkpoints.\n",
    )
    # Somebody with all rights changes a row, and has everything sealed anew.
    tamper(
        engine,
        "UPDATE price_change_row SET new_price = 7 WHERE batch_id = 1 AND sequence = 2",
        "DELETE FROM seal",
        "DELETE FROM seal_chunk",
    )
    missing = batchbook("verify", "--checkpoint", file)
    assert missing.exit_code == 1
    assert "Seal 1, table seal: is missing, of which a checkpoint was taken at " in missing.output
    batchbook("seal", "add")
    assert batchbook("verify", "--all").exit_code == 0
    rewritten = batchbook("verify", "--all", "--checkpoint", file)
    assert rewritten.exit_code == 1
    assert "it or an earlier one was rewritten" in rewritten.output


def test_a_file_that_has_no_checkpoint_is_refused(batchbook: Run, tmp_path: Path) -> None:
    for content in ("", "no checkpoint\n", '{"kind":"batchbook checkpoint 1","number":"x"}\n', "[]\n"):
        file = tmp_path / "file.txt"
        file.write_text(content)
        found = batchbook("verify", "--checkpoint", file)
        assert found.exit_code == 1
        assert "nothing was verified" in found.output


def test_without_seals_there_is_no_checkpoint(batchbook: Run, engine: Engine) -> None:
    tamper(engine, "DELETE FROM seal", "DELETE FROM seal_chunk")
    assert "no checkpoint to take" in batchbook("seal", "checkpoint").output


@pytest.fixture
def mail_server() -> Iterator[tuple[int, list[bytes]]]:
    """The port of a server that takes mails, and the lines that it gets."""
    got: list[bytes] = []

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 ready\r\n")
            in_data = False
            for line in self.rfile:
                got.append(line)
                in_data = (in_data and line != b".\r\n") or line.upper().startswith(b"DATA")
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                elif not in_data:
                    self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 done\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Session) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1], got
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_checkpoint_can_be_mailed(
    batchbook: Run, tmp_path: Path, mail_server: tuple[int, list[bytes]]
) -> None:
    port, got = mail_server
    mailed = ("seal", "checkpoint", "--mail", "auditor@example.com")
    assert "The checkpoint was not sent: set batchbook.mail_server" in batchbook(*mailed).output
    ini = tmp_path / "batchbook.ini"
    more = f"batchbook.mail_server = 127.0.0.1:{port}\nbatchbook.mail_from = batchbook@example.com\n"
    ini.write_text(ini.read_text().replace("batchbook.development", f"{more}batchbook.development"))
    assert "It was sent to auditor@example.com." in batchbook(*mailed).output
    sent = b"".join(got[got.index(b"data\r\n") + 1 : got.index(b".\r\n")])
    message = message_from_bytes(sent, policy=default)
    assert (message["To"], message["From"]) == ("auditor@example.com", "batchbook@example.com")
    assert Checkpoint.from_line(message.get_content()).number == 1
    found = batchbook("seal", "checkpoint", "--mail", "a@example.com\nBcc: b@example.com")
    assert "is not a mail address" in found.output


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_checkpoint_can_be_time_stamped(
    batchbook: Run,
    tmp_path: Path,
    folder: Path,
    authority: str,
) -> None:
    pytest.importorskip("asn1crypto")
    pytest.importorskip("cryptography")
    assert "no time-stamping authority to ask" in batchbook("seal", "checkpoint", "--timestamp").output
    ini, file = tmp_path / "batchbook.ini", tmp_path / "checkpoints.txt"
    more = f"batchbook.timestamp_url = {authority}\nbatchbook.timestamp_certificates = {folder}/root.pem\n"
    ini.write_text(ini.read_text().replace("batchbook.development", f"{more}batchbook.development"))
    assert batchbook("seal", "checkpoint", "--timestamp", "--to", file).exit_code == 0
    line = file.read_text()
    assert Checkpoint.from_line(line).timestamp
    assert batchbook("verify", "--checkpoint", file).exit_code == 0
    taken = json.loads(line)
    file.write_text(json.dumps(taken | {"digest": "ab" * 32}) + "\n")
    found = batchbook("verify", "--checkpoint", file)
    assert found.exit_code == 1
    assert "it is for another digest" in found.output
