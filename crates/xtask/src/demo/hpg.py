"""The MaxCompute side of the demo, through the official client.

`hpg.py create PARTITION COUNT` makes the table with a partition of people, who are plainly made up, with NULLs among
them. `hpg.py dump PARTITION` prints CSV ordered by id, written as PostgreSQL's COPY writes it, so that the two can be
compared.
"""

import os
import sys
from datetime import date, timedelta
from decimal import Decimal

from odps import ODPS, options

COLUMNS = (
    "id bigint, name string, year bigint, birthdate date, ismarried boolean,"
    " interest string, salary decimal(15,2)"
)

INTERESTS = ("reading", "chess", "music", "running", None)


def person(n):
    birthdate = date(1940, 1, 1) + timedelta(days=n % 25000)
    return [
        n,
        f"person {n:06d}",
        birthdate.year,
        birthdate,
        n % 3 == 0 if n % 10 else None,
        INTERESTS[n % 5],
        1000 + Decimal(n * 7919 % 1000000) / 100 if n % 100 else None,
    ]


def as_csv(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, Decimal):
        # The client drops zeros at the end; a salary has two digits.
        return f"{value:.2f}"
    return str(value)


# Dates and decimals with digits belong to the second type system.
options.sql.use_odps2_extension = True
client = ODPS(
    os.environ["ACCESS_ID"],
    os.environ["ACCESS_KEY"],
    project="demo",
    endpoint=os.environ["ENDPOINT"],
)
if sys.argv[1:2] == ["create"] and len(sys.argv) == 4:
    table = client.create_table("hpg", (COLUMNS, "pt string"))
    with table.open_writer(partition=sys.argv[2], create_partition=True) as writer:
        writer.write(person(n) for n in range(1, int(sys.argv[3]) + 1))
elif sys.argv[1:2] == ["dump"] and len(sys.argv) == 3:
    with client.get_table("hpg").open_reader(partition=sys.argv[2]) as reader:
        rows = sorted((row.values for row in reader), key=lambda row: row[0])
    for row in rows:
        # The partition column comes last and is the same in every row.
        print(",".join(as_csv(value) for value in row[:7]))
else:
    sys.exit(__doc__)
