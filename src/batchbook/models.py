"""All models that ship with Batchbook, imported in one place, so that Alembic and tests see the whole schema.

A plug-in's models join the same metadata when the plug-in is imported; they are not listed here.
"""

from __future__ import annotations

from batchbook.batches import cell_chunks as cells
from batchbook.batches import models as batches
from batchbook.batches.effects import models as effects
from batchbook.batches.intake import saved_mappings as intake
from batchbook.batches.matching import record_index as matching
from batchbook.batches.policies import models as policies
from batchbook.batches.retention import models as retention
from batchbook.batches.review import models as review
from batchbook.batches.seal import models as seal
from batchbook.catalog import models as catalog
from batchbook.catalog import products
from batchbook.db import Base
from batchbook.jobs import models as jobs
from batchbook.master import models as master
from batchbook.purchasing import models as purchasing
from batchbook.security import models as security
from batchbook.types.delete_product import models as delete_product
from batchbook.types.handheld import models as handheld
from batchbook.types.imports import models as imports
from batchbook.types.inventory_count import models as inventory_count
from batchbook.types.labels import models as labels
from batchbook.types.new_product import models as new_product
from batchbook.types.ordering import models as ordering
from batchbook.types.price_change import models as price_change
from batchbook.types.price_promotion import models as price_promotion
from batchbook.types.receiving import models as receiving
from batchbook.types.vendor_catalog import models as vendor_catalog
from batchbook.types.vendor_invoice import models as vendor_invoice
from batchbook.web import idempotency as web

__all__ = [
    "batches", "catalog", "cells", "delete_product", "effects", "handheld", "imports", "intake",
    "inventory_count", "jobs", "labels", "master", "matching", "metadata", "new_product", "ordering",
    "policies", "price_change", "price_promotion", "products", "purchasing", "receiving", "retention",
    "review", "seal", "security", "vendor_catalog", "vendor_invoice", "web",
]  # fmt: skip

#: The schema that the migrations lead to.
metadata = Base.metadata
