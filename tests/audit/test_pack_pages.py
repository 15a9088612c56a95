"""Downloads of packs: of a batch from its page, of the batches that match the filters, and for whom."""

from __future__ import annotations

import io
import json
import logging
import zipfile

import pytest
from tests.functional.harness import CatalogueDatabase, url_of
from webtest import TestApp


def batches_in(body: bytes) -> list[int]:
    archive = zipfile.ZipFile(io.BytesIO(body))
    assert archive.testzip() is None
    return [one["batch"] for one in json.loads(archive.read("pack.json"))["batches"]]


def test_an_auditor_downloads_the_pack_of_a_batch_and_of_a_selection(
    catalogue: CatalogueDatabase, auditor: TestApp, executed_batch: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "batchbook.security"):
        one = auditor.get(url_of(executed_batch)).click("Auditor's pack")
    assert batches_in(one.body) == [executed_batch]
    assert one.content_type == "application/zip"
    assert f"auditors-pack-{executed_batch:08d}.zip" in one.headers["Content-Disposition"]
    assert f"exported: 'auditors-pack-{executed_batch:08d}.zip' by 'auditor'" in caplog.text
    listed = auditor.get("/audit?f.type.equal=price_change")
    assert batches_in(listed.click("Auditor's pack of these").body) == [executed_batch]
    auditor.get("/audit/auditors-pack.zip?f.type.equal=import", status=404)
    auditor.get("/audit/auditors-pack.zip?f.colour.equal=red", status=400)


def test_there_is_no_pack_of_what_is_not_executed(
    catalogue: CatalogueDatabase, auditor: TestApp, admin: TestApp, open_batch: int
) -> None:
    assert "Auditor's pack" not in admin.get(url_of(open_batch)).text
    assert "not executed yet" in admin.get(url_of(open_batch, "auditors-pack.zip"), status=409).text
    auditor.get(url_of(open_batch, "auditors-pack.zip"), status=403)
