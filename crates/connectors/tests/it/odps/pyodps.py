"""The official client's side of the tests.

Usage: pyodps.py write|check ENDPOINT PROJECT ACCESS_ID ACCESS_KEY

For every compression, `write` fills the tables `theirs_COMPRESSION` with every common type and
`theirs_rare_COMPRESSION`, which must be there, with the others; `check` compares the rows of `ours_COMPRESSION` and
`ours_rare_COMPRESSION` with the same values.
"""

import datetime
import decimal
import math
import sys

import pandas
from odps import ODPS, options
from odps.compat import Monthdelta
from odps.tunnel import CompressOption

options.local_timezone = False  # UTC, or DATETIME values shift
options.retry_times = 0
options.allow_antique_date = True
options.sql.use_odps2_extension = True

COLUMNS = {
    "id": "bigint",
    "c_tinyint": "tinyint",
    "c_smallint": "smallint",
    "c_int": "int",
    "c_float": "float",
    "c_double": "double",
    "c_boolean": "boolean",
    "c_string": "string",
    "c_varchar": "varchar(10)",
    "c_char": "char(3)",
    "c_binary": "binary",
    "c_decimal": "decimal(38,18)",
    "c_date": "date",
    "c_datetime": "datetime",
    "c_timestamp": "timestamp",
    "c_timestamp_ntz": "timestamp_ntz",
    "c_json": "json",
    "c_array": "array<bigint>",
    "c_map": "map<string,bigint>",
    "c_struct": "struct<x:bigint,y:string>",
}

D = decimal.Decimal
UTC_MIN = datetime.datetime(1, 1, 1)
UTC_MAX = datetime.datetime(9999, 12, 31, 23, 59, 59, 999000)
NANOS = pandas.Timestamp("1969-12-31 23:59:59.999999999")
LATER = pandas.Timestamp("2024-01-02 03:04:05.123456789")

ROWS = [
    [
        1, 127, 32767, 2**31 - 1, 1.5, 1.7976931348623157e308, True, "中文 😀\x00\t\n", "中文字符", "abc",
        b"\x00\xff\xfe", D("99999999999999999999.999999999999999999"), datetime.date(9999, 12, 31), UTC_MAX, LATER, NANOS,
        {"a": [1, None, "x"]}, [1, None, -2], {"k": 1, "l": None}, (7, "a"),
    ],
    [
        -(2**63) + 1, -128, -32768, -(2**31), -0.0, 5e-324, False, "", "", "abc",
        b"", D("-0.000000000000000001"), datetime.date(1, 1, 1), UTC_MIN, NANOS, LATER,
        [], [], {}, (None, ""),
    ],
    [
        2**63 - 1, 0, 0, 0, float("inf"), float("-inf"), True, "x" * 100_000, "ten chars.", "abc",
        bytes(range(256)), D(0), datetime.date(1970, 1, 1), datetime.datetime(1969, 12, 31, 23, 59, 59, 999000),
        NANOS, NANOS, "text", [None], {"": 0}, (-(2**63) + 1, "中"),
    ],
    [0] + [None] * (len(COLUMNS) - 1),
]

# DECIMAL of the first edition cannot be declared from here, so these tables are made on the other side.
RARE = ["id", "c_decimal", "c_nested", "c_span", "c_months"]

DAY = pandas.Timedelta(days=1)

RARE_ROWS = [
    [
        1, D("9" * 36 + "." + "9" * 18), [["a", None, "中"], [], None], DAY + pandas.Timedelta(2_000_000_003, "ns"),
        Monthdelta(14),
    ],
    [2, D("-0.000000000000000001"), [], -DAY + pandas.Timedelta(5, "ns"), Monthdelta(-14)],
    [3, D(0), [[""]], pandas.Timedelta(0), Monthdelta(0)],
    [4, None, None, None, None],
]

COMPRESSIONS = {"none": "RAW", "deflate": "ZLIB", "zstd": "ZSTD", "snappy": "SNAPPY", "lz4": "LZ4"}


def plain(name, value):
    """Values in the form that both sides agree on."""
    if value is None:
        return None
    if name == "c_struct":
        return tuple(value.values()) if isinstance(value, dict) else tuple(value)
    if name in ("c_timestamp", "c_timestamp_ntz"):
        return value.replace(tzinfo=None)
    if name == "c_char":
        return value.rstrip(" ")
    if isinstance(value, float):
        return (value, math.copysign(1, value))
    return value


def check(table, columns, rows, option):
    with table.open_reader(compress_option=option) as reader:
        found = sorted(([*record.values] for record in reader), key=lambda row: row[0])
    expected = sorted(rows, key=lambda row: row[0])
    assert len(found) == len(expected), f"{table.name}: {len(found)} rows"
    for found_row, expected_row in zip(found, expected):
        for column, actual, wanted in zip(columns, found_row, expected_row):
            actual, wanted = plain(column, actual), plain(column, wanted)
            assert actual == wanted, f"{table.name}.{column}: {actual!r} is not {wanted!r}"


def main():
    command, endpoint, project, access_id, access_key = sys.argv[1:]
    odps = ODPS(access_id, access_key, project=project, endpoint=endpoint)
    for name, algorithm in COMPRESSIONS.items():
        option = CompressOption(CompressOption.CompressAlgorithm(algorithm))
        if command == "write":
            schema = ", ".join(f"{column} {kind}" for column, kind in COLUMNS.items())
            table = odps.create_table(f"theirs_{name}", schema)
            for table, rows in [(table, ROWS), (odps.get_table(f"theirs_rare_{name}"), RARE_ROWS)]:
                with table.open_writer(compress_option=option) as writer:
                    writer.write(rows)
        else:
            check(odps.get_table(f"ours_{name}"), COLUMNS, ROWS, option)
            check(odps.get_table(f"ours_rare_{name}"), RARE, RARE_ROWS, option)


main()
