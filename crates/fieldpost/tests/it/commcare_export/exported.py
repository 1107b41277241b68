"""Prints what stands in a table that commcare-export wrote, as JSON: a list of rows."""

import json
import sys

import sqlalchemy

url, table = sys.argv[1:]
with sqlalchemy.create_engine(url).connect() as connection:
    rows = connection.execute(sqlalchemy.text(f'SELECT * FROM "{table}"'))
    print(json.dumps([dict(row._mapping) for row in rows]))
