"""Checkpoints: the head of the chain of seals, to be kept where nobody with rights over the database can change it.

A chain that was rewritten as a whole is consistent in itself. It no longer has the seal that a checkpoint names, with the
digest that it names. A file of checkpoints has one in each line, the latest last.
"""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Self

from sqlalchemy.orm import Session

from batchbook.batches.seal.chain import Difference, digest_of_manifest
from batchbook.batches.seal.models import HEX_DIGITS, Seal
from batchbook.batches.seal.sealing import head_of_chain
from batchbook.batches.seal.values import canonical_json
from batchbook.errors import BadInput, Conflict, Missing
from batchbook.settings import Setting

MAIL_SERVER = Setting(
    "batchbook.mail_server",
    "",
    "The mail server, such as mail.example.com or localhost:25, through which “batchbook seal checkpoint --mail” sends checkpoints. Empty: none.",
)
MAIL_FROM = Setting("batchbook.mail_from", "", "The address from which Batchbook sends mail.")
SETTINGS = (MAIL_SERVER, MAIL_FROM)

#: The longest wait for the mail server, in seconds.
_SECONDS = 30

#: The text by which a line of a file is recognised as a checkpoint.
KIND = "batchbook checkpoint 1"


@dataclass(frozen=True)
class Checkpoint:
    """The head of the chain at a time: the number of the last seal, and its digest.

    Times are in UTC, in ISO format. ``timestamp`` is the reply of a time-stamping authority in base64, if one was asked.
    """

    number: int
    digest: str
    sealed_at: str
    taken_at: str
    timestamp: str | None = None

    def to_line(self) -> str:
        """Return the checkpoint as a line of a file."""
        facts = {name: value for name, value in asdict(self).items() if value is not None}
        return canonical_json({"kind": KIND, **facts}) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Return the checkpoint in a line of a file; raise ``ValueError`` if it has none."""
        facts: dict[str, Any] = json.loads(line)
        if not isinstance(facts, dict) or facts.pop("kind", None) != KIND:
            raise ValueError("The line is not a checkpoint.")
        try:
            found = cls(**facts)
        except TypeError as error:
            raise ValueError("The line is not a checkpoint of this kind.") from error
        is_digest = isinstance(found.digest, str) and len(found.digest) == HEX_DIGITS
        if type(found.number) is not int or not is_digest:
            raise ValueError("The line is not a checkpoint of this kind.")
        return found


def take_checkpoint(session: Session, now: datetime) -> Checkpoint:
    """Return the head of the chain; raise :class:`~batchbook.errors.Missing` if nothing was sealed yet."""
    head = head_of_chain(session)
    if head is None:
        raise Missing("No batch was executed and sealed yet, so there is no checkpoint to take.")
    sealed_at = head.sealed_at.isoformat() if isinstance(head.sealed_at, datetime) else str(head.sealed_at)
    return Checkpoint(head.number, head.digest, sealed_at, now.isoformat())


def mail_checkpoint(settings: Mapping[str, Any], checkpoint: Checkpoint, addresses: Sequence[str]) -> None:
    """Send ``checkpoint`` to the mail ``addresses``, as the line of a file.

    Raises ``BadInput`` if the settings name no mail server or an address is none, and ``Conflict`` if the mail was not sent.
    """
    host, _, port = MAIL_SERVER.text(settings).partition(":")
    sender = MAIL_FROM.text(settings)
    if not host or not sender or not (port or "25").isdigit():
        raise BadInput(
            f"The checkpoint was not sent: set {MAIL_SERVER.name} to a mail server, and {MAIL_FROM.name} to an address."
        )
    message = EmailMessage()
    message["Subject"] = f"Batchbook checkpoint: seal {checkpoint.number}"
    try:
        message["From"], message["To"] = sender, ", ".join(addresses)
    except ValueError as error:
        raise BadInput(
            f"The checkpoint was not sent: {', '.join(addresses)} is not a mail address."
        ) from error
    message.set_content(checkpoint.to_line(), cte="base64")
    try:
        with smtplib.SMTP(host, int(port or 25), timeout=_SECONDS) as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise Conflict(f"The checkpoint was not sent. The mail server {host} answered: {error}.") from error


def read_checkpoints(text: str, name: str) -> list[Checkpoint]:
    """Return the checkpoints in the ``text`` of the file called ``name``; raise ``BadInput`` if it has anything else."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(Checkpoint.from_line(line))
            except ValueError as error:
                raise BadInput(
                    f"Line {number} of {name} is not a checkpoint, so nothing was verified. A checkpoint is a line that"
                    " “batchbook seal checkpoint” printed."
                ) from error
    if not found:
        raise BadInput(f"{name} has no checkpoint, so nothing was verified.")
    return found


def compare_checkpoints(session: Session, checkpoints: list[Checkpoint]) -> Iterator[Difference]:
    """Yield a difference for each of ``checkpoints`` that the chain no longer leads to."""
    table = Seal.__tablename__
    for checkpoint in checkpoints:
        seal = session.get(Seal, checkpoint.number)
        taken = f"of which a checkpoint was taken at {checkpoint.taken_at}"
        if seal is None:
            yield Difference(None, checkpoint.number, table, what=f"is missing, {taken}")
        elif not seal.digest == digest_of_manifest(seal.manifest) == checkpoint.digest:
            what = f"is not the one {taken}; it or an earlier one was rewritten"
            yield Difference(seal.batch_id, checkpoint.number, table, columns=("digest",), what=what)
