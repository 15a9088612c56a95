"""Small typed forms, made from columns. They know nothing of HTTP."""

from __future__ import annotations

from batchbook.forms.bound import WHOLE_FORM, BoundField, BoundForm
from batchbook.forms.fields import Field, Widget
from batchbook.forms.form import Form, Validator, form_of

__all__ = ["WHOLE_FORM", "BoundField", "BoundForm", "Field", "Form", "Validator", "Widget", "form_of"]
