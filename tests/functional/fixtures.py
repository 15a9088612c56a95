"""Fixtures of the tests of pages: a batch of price changes in each state of its life."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from batchbook.catalog.models import Product, ProductMatch, Vendor
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import JobGroup, JobRequest
from batchbook.jobs.enqueue import add_job
from batchbook.jobs.models import JobState

from .addresses import Addresses
from .harness import PRICE_LIST, CatalogueDatabase, form_to, number_in, upload, url_of


@pytest.fixture
def open_batch(catalogue: CatalogueDatabase, staff: TestApp) -> int:
    """A batch that staff made from the price list, open for changes."""
    return number_in(upload(staff, PRICE_LIST, description="Spring prices", vendor_code="V1"))


@pytest.fixture
def complete_batch(open_batch: int, staff: TestApp) -> int:
    """The batch, marked complete."""
    form_to(staff.get(url_of(open_batch)), "/complete").submit(status=303)
    return open_batch


@pytest.fixture
def executed_batch(complete_batch: int, admin: TestApp) -> int:
    """The batch, executed by an administrator."""
    form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=303)
    return complete_batch


@pytest.fixture
def addresses(app: Any, catalogue: CatalogueDatabase) -> Addresses:
    """Every address of the application; there is a job, a group and a match, for the addresses of one."""
    with transaction_scope(catalogue.engine) as session:
        product, vendor = (session.scalars(select(one).limit(1)).one() for one in (Product.id, Vendor.id))
        session.add(
            ProductMatch(vendor_id=vendor, product_id=product, key="M-1", key_form="m-1", matched_by="ada")
        )
        order = JobRequest("refresh", "Batch 00000001", "admin", {"options": {}, "version": None})
        add_job(session, order, "refreshed").state = JobState.FAILED
        session.add(JobGroup(title="Refresh: 1 batch", asked_by="admin", asked_at=utc_now(), skipped=[]))
    return Addresses(app, catalogue)
