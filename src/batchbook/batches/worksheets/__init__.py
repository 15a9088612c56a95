"""Worksheets: a batch's rows as a workbook, to be corrected in a spreadsheet program and uploaded again.

Only cells that were changed in the sheet are applied, and none that was changed in the batch since.
"""
