"""Makes the XLSForms of the test, as people make them: with a spreadsheet. The folder is the argument."""

import pathlib
import sys

from openpyxl import Workbook

SURVEY = ["type", "name", "label"]
CHOICES = ["list_name", "name", "label"]
SETTINGS = ["form_title", "form_id", "version"]

FORMS = {
    "groups": {
        "survey": [
            SURVEY,
            ["text", "nom", "Name"],
            ["begin group", "home", "Home"],
            ["integer", "rooms", "Rooms"],
            ["begin group", "head", "Head"],
            ["date", "born", "Born"],
            ["end group", None, None],
            ["end group", None, None],
        ],
        "settings": [SETTINGS, ["Households", "groups", "2026"]],
    },
    "repeats": {
        "survey": [
            SURVEY,
            ["begin repeat", "child", "Child"],
            ["text", "name", "Name"],
            ["decimal", "weight", "Weight"],
            ["end repeat", None, None],
        ],
        "settings": [SETTINGS, ["Children", "repeats", "2026"]],
    },
    "choices": {
        "survey": [
            SURVEY,
            ["select_one yes_no", "sick", "Sick?"],
            ["select_multiple signs", "signs", "Signs"],
        ],
        "choices": [
            CHOICES,
            ["yes_no", "y", "Yes"],
            ["yes_no", "n", "No"],
            ["signs", "fever", "Fever"],
            ["signs", "cough", "Cough"],
        ],
        "settings": [SETTINGS, ["Signs", "choices", "2026"]],
    },
    "places": {
        "survey": [
            SURVEY,
            ["geopoint", "point", "Where?"],
            ["geotrace", "way", "The way"],
            ["geoshape", "field", "The field"],
        ],
        "settings": [SETTINGS, ["Places", "places", "2026"]],
    },
    # Does not name itself, and shows a picture.
    "pictures": {
        "survey": [
            SURVEY + ["media::image"],
            ["note", "look", "Look at this", "map.png"],
            ["image", "photo", "Take a photo", None],
        ],
        "settings": [["form_title"], ["Pictures"]],
    },
    "wrong": {"survey": [SURVEY, ["nonsense", "what", "What?"]]},
}

for name, sheets in FORMS.items():
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(pathlib.Path(sys.argv[1]) / f"{name}.xlsx")
