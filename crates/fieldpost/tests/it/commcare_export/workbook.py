"""Writes the workbook by which commcare-export is told what to export: forms, and cases."""

import sys

import openpyxl

SHEETS = {
    "forms": ("form", [
        ("id", "id"),
        ("received", "received_on"),
        ("name", "form.name"),
        ("weight", "form.weight"),
        ("instance", "form.meta.instanceID"),
    ]),
    "cases": ("case", [
        ("id", "id"),
        ("name", "properties.case_name"),
        ("type", "properties.case_type"),
        ("visits", "properties.visits"),
        ("closed", "closed"),
    ]),
}

workbook = openpyxl.Workbook()
workbook.remove(workbook.active)
for title, (source, fields) in SHEETS.items():
    sheet = workbook.create_sheet(title)
    sheet.append(["Data Source", "Field", "Source Field"])
    for number, (field, path) in enumerate(fields):
        sheet.append([source if number == 0 else None, field, path])
workbook.save(sys.argv[1])
