"""The MaxCompute side of the demo, through the official client: `hpg.py create` and `hpg.py dump PARTITION`.

The dump is CSV ordered by id, written as PostgreSQL's COPY writes it, so that the two can be compared.
"""

import os
import sys
from decimal import Decimal

from odps import ODPS

COLUMNS = (
    "id bigint, name string, year bigint, birthdate date, ismarried boolean,"
    " interest string, salary decimal(15,2)"
)


def as_csv(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, Decimal):
        # The client drops zeros at the end; a salary has two digits.
        return f"{value:.2f}"
    return str(value)


client = ODPS(
    os.environ["ACCESS_ID"],
    os.environ["ACCESS_KEY"],
    project="demo",
    endpoint=os.environ["ENDPOINT"],
)
if sys.argv[1:] == ["create"]:
    client.create_table("hpg", (COLUMNS, "pt string"))
elif sys.argv[1:2] == ["dump"] and len(sys.argv) == 3:
    with client.get_table("hpg").open_reader(partition=sys.argv[2]) as reader:
        rows = sorted((row.values for row in reader), key=lambda row: row[0])
    for row in rows:
        # The partition column comes last and is the same in every row.
        print(",".join(as_csv(value) for value in row[:7]))
else:
    sys.exit(__doc__)
