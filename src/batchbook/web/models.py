"""What the web remembers of the forms that were sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from batchbook.db import Base


class SentForm(Base):
    """A form that was sent and did something: its key, which no other form has, and a sentence saying what it did."""

    __tablename__ = "sent_form"

    key: Mapped[str] = mapped_column(String(43), primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(index=True)
    did: Mapped[str] = mapped_column(Text, default="")
