"""What the official Python client must be able to do with the server.

Usage: pyodps_suite.py ENDPOINT ENDPOINT_WITH_V4

Every function named case_* gets a client and runs alone; a table belongs to the case that names it.
"""

import datetime
import decimal
import json
import sys
import time
import traceback
import urllib.request
import xml.etree.ElementTree as etree

import pyarrow
from odps import ODPS, errors, options, types
from odps.models import TableSchema
from odps.tunnel import CompressOption, TableTunnel

PROJECT = "suite"
REGION = "cn-hangzhou"
ALGORITHMS = CompressOption.CompressAlgorithm
utc = datetime.datetime

options.local_timezone = False  # UTC, or DATETIME values shift
options.retry_times = 0  # a mistake of the server must fail at once
options.allow_antique_date = True
options.sql.use_odps2_extension = True


def connect(endpoint, key="emulator", **more):
    return ODPS("emulator", key, project=PROJECT, endpoint=endpoint, **more)


def same(actual, expected):
    assert actual == expected, f"\n  actual   {actual!r}\n  expected {expected!r}"


def refused(kind, action):
    try:
        action()
    except kind as error:
        return str(error)
    raise AssertionError(f"{kind.__name__} was not raised")


def rows(table, **reading):
    with table.open_reader(reopen=True, **reading) as reader:
        return [list(record.values) for record in reader]


def case_tables_come_and_go(odps):
    for name in ("come_a", "come_b"):
        odps.create_table(name, "a bigint, b string", comment="a <b> & \"c\" 中文", lifecycle=3)
    same(odps.exist_table("come_a"), True)
    listed = {table.name for table in odps.list_tables(prefix="come_")}
    same(listed, {"come_a", "come_b"})
    table = odps.get_table("COME_A")
    same(table.comment, "a <b> & \"c\" 中文")
    same(table.lifecycle, 3)
    same([(c.name, str(c.type).lower()) for c in table.table_schema.columns], [("a", "bigint"), ("b", "string")])
    refused(errors.ODPSError, lambda: odps.create_table("come_a", "a bigint"))
    odps.create_table("come_a", "a bigint", if_not_exists=True)
    odps.delete_table("come_a")
    same(odps.exist_table("come_a"), False)
    refused(errors.NoSuchObject, lambda: odps.delete_table("come_a"))
    odps.delete_table("come_a", if_exists=True)
    refused(errors.NoSuchObject, lambda: odps.get_table("come_a").table_schema)


def case_many_tables_are_listed_in_pages(odps):
    for number in range(7):
        odps.create_table(f"page_{number}", "a bigint")
    params = {"expectmarker": "true", "maxitems": 3, "name": "page_"}
    seen = []
    marker = None
    while True:
        url = odps.get_project().tables.resource()
        answer = odps.rest.get(url, params=dict(params, **({"marker": marker} if marker else {})))
        root = etree.fromstring(answer.content)
        page = [node.findtext("Name") for node in root.findall("Table")]
        assert len(page) <= 3
        seen += page
        marker = root.findtext("Marker")
        if not marker:
            break
    same(seen, [f"page_{number}" for number in range(7)])


def case_partitions_come_and_go(odps):
    table = odps.create_table("parts", ("a bigint", "pt string, hh bigint"))
    table.create_partition("pt='20240101',hh=7")
    table.create_partition("pt='a+b%25c',hh=1")
    table.create_partition("pt='中文',hh=1")
    same(table.exist_partition("pt='20240101',hh='7'"), True)
    same(table.exist_partition("pt='20240101',hh='8'"), False)
    same(table.exist_partition("pt='a+b%25c',hh=1"), True)
    names = sorted(str(partition.partition_spec) for partition in table.partitions)
    same(len(names), 3)
    same(
        [str(p.partition_spec) for p in table.iterate_partitions("pt='20240101'")],
        ["pt='20240101',hh='7'"],
    )
    refused(errors.ODPSError, lambda: table.create_partition("pt='20240101',hh=7"))
    table.create_partition("pt='20240101',hh=7", if_not_exists=True)
    with table.open_writer(partition="pt='a+b%25c',hh=1") as writer:
        writer.write([[1], [2]])
    same(rows(table, partition="pt='a+b%25c',hh=1"), [[1, "a+b%25c", "1"], [2, "a+b%25c", "1"]])
    table.delete_partition("pt='a+b%25c',hh=1")
    same(table.exist_partition("pt='a+b%25c',hh=1"), False)
    refused(errors.NoSuchObject, lambda: rows(table, partition="pt='a+b%25c',hh=1"))
    odps.delete_table("parts")


VALUES = {
    "bigint": [0, 1, -1, 2**63 - 1, -(2**63) + 1],
    "tinyint": [0, 127, -128],
    "smallint": [0, 32767, -32768],
    "int": [0, 2**31 - 1, -(2**31)],
    "double": [0.0, -0.0, 1.5, 5e-324, 1.7976931348623157e308, float("inf"), float("-inf")],
    "float": [0.0, 1.5, -2.0**127, 2.0**-149, float("inf")],
    "boolean": [True, False],
    "string": ["", "a", "中文 😀", "tab\tline\n'quote' \\ ,", "x" * 100_000, "\x00"],
    "varchar(5)": ["", "abc", "中文字符五"],
    "char(5)": ["abcde"],
    "binary": [b"", b"\x00\xff\xfe", bytes(range(256))],
    "decimal(38,18)": [decimal.Decimal(text) for text in ("0", "-1.5", "99999999999999999999.999999999999999999")],
    "decimal(10,2)": [decimal.Decimal(text) for text in ("0.01", "-99999999.99")],
    "decimal": [decimal.Decimal("123456789.123456789")],
    "date": [datetime.date(1970, 1, 1), datetime.date(1, 1, 1), datetime.date(9999, 12, 31)],
    "datetime": [
        utc(1970, 1, 1),
        utc(1969, 12, 31, 23, 59, 59, 999000),
        utc(1, 1, 1),
        utc(9999, 12, 31, 23, 59, 59, 999000),
    ],
    "json": ['{"a": [1, null, "x"]}'],
    "array<bigint>": [[], [1, None, -2]],
    "array<array<string>>": [[["a", None], None, []]],
    "map<string,bigint>": [{}, {"k": 1, "l": None}],
    "struct<x:bigint,y:string,z:array<double>>": [(1, "a", [0.5, None]), (None, None, None)],
}


def plain(value):
    """A struct comes back as a named tuple or a mapping, JSON as text or as what it says."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(inner) for inner in value)
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


def case_every_type_keeps_its_values(odps):
    for number, (kind, values) in enumerate(VALUES.items()):
        table = odps.create_table(f"types_{number}", f"a bigint, v {kind}")
        expected = [[index, value] for index, value in enumerate(values)] + [[len(values), None]]
        with table.open_writer() as writer:
            writer.write(expected)
        actual = rows(table)
        if kind == "json":
            actual = [[a, json.dumps(v) if isinstance(v, (dict, list)) else v] for a, v in actual]
        if kind.startswith("struct"):
            actual = [[a, None if v is None else tuple(v)] for a, v in actual]
        same([[a, plain(v)] for a, v in actual], expected)
        assert repr(actual[0][1]) == repr(expected[0][1]) or kind.startswith(("struct", "map", "decimal"))


def case_timestamps_keep_nanoseconds_and_their_years(odps):
    import pandas

    table = odps.create_table("stamps", "a timestamp, b timestamp_ntz")
    first = pandas.Timestamp("1969-12-31 23:59:59.999999999")
    second = pandas.Timestamp("2024-01-02 03:04:05.123456789")
    with table.open_writer() as writer:
        writer.write([[first, second], [second, first], [None, None]])
    actual = [[value and value.replace(tzinfo=None) for value in row] for row in rows(table)]
    same(actual, [[first, second], [second, first], [None, None]])


def case_wide_rows_and_empty_tables(odps):
    table = odps.create_table("wide", ",".join(f"c{number} string" for number in range(600)))
    same(rows(table), [])
    expected = [[None] * 600, [str(number) for number in range(600)]]
    with table.open_writer() as writer:
        writer.write(expected)
    same(rows(table), expected)
    same(rows(table, columns=["c599", "c0"]), [[None, None], ["599", "0"]])


def case_every_compression_in_both_formats(odps):
    columns = "a bigint, b string, c double"
    expected = [[number, f"name {number % 100}" if number % 7 else None, number / 4] for number in range(20_000)]
    batch = pyarrow.RecordBatch.from_arrays(
        [pyarrow.array(list(column)) for column in zip(*expected)], names=["a", "b", "c"]
    )
    for algorithm in ALGORITHMS:
        option = CompressOption(algorithm, level=1)
        table = odps.create_table(f"packed_{algorithm.name.lower()}", columns)
        with table.open_writer(compress_option=option) as writer:
            writer.write(expected)
        same(rows(table, compress_option=option), expected)
        with table.open_writer(arrow=True, compress_option=option) as writer:
            writer.write(batch)
        with table.open_reader(reopen=True, arrow=True, compress_option=option) as reader:
            same(reader.read_all().num_rows, 2 * len(expected))
        same(rows(table, compress_option=option)[len(expected):], expected)


def case_arrow_keeps_every_type(odps):
    columns = (
        "a tinyint, b smallint, c int, d bigint, e float, f double, g boolean, h string, i varchar(9), j binary,"
        "k decimal(20,4), l date, m datetime, n timestamp, o array<bigint>, p map<string,bigint>, q struct<x:bigint,y:string>"
    )
    table = odps.create_table("arrow_types", columns)
    stamp = datetime.datetime(2024, 1, 2, 3, 4, 5, 678000)
    fields = [
        (pyarrow.int8(), 127),
        (pyarrow.int16(), -32768),
        (pyarrow.int32(), 2**31 - 1),
        (pyarrow.int64(), -(2**63) + 1),
        (pyarrow.float32(), 1.5),
        (pyarrow.float64(), -0.0),
        (pyarrow.bool_(), True),
        (pyarrow.string(), "中文"),
        (pyarrow.string(), "x"),
        (pyarrow.binary(), b"\x00\xff"),
        (pyarrow.decimal128(20, 4), decimal.Decimal("1234567890123456.7891")),
        (pyarrow.date32(), datetime.date(1, 1, 1)),
        (pyarrow.timestamp("ms"), stamp),
        (pyarrow.timestamp("ns"), stamp),
        (pyarrow.list_(pyarrow.int64()), [1, None]),
        (pyarrow.map_(pyarrow.string(), pyarrow.int64()), [("k", 1), ("l", None)]),
        (pyarrow.struct([("x", pyarrow.int64()), ("y", pyarrow.string())]), {"x": 1, "y": None}),
    ]
    names = [chr(ord("a") + number) for number in range(len(fields))]
    arrays = [pyarrow.array([value, None], type=kind) for kind, value in fields]
    batch = pyarrow.RecordBatch.from_arrays(arrays, names=names)
    with table.open_writer(arrow=True) as writer:
        writer.write(batch)
    with table.open_reader(reopen=True, arrow=True) as reader:
        back = reader.read_all()
    for name, array in zip(names, arrays):
        same((name, back.column(name).to_pylist()), (name, array.to_pylist()))
    same(rows(table)[0][:4], [127, -32768, 2**31 - 1, -(2**63) + 1])
    with table.open_reader(reopen=True, arrow=True, columns=["h", "c"]) as reader:
        same(sorted(reader.read_all().column_names), ["c", "h"])


def case_blocks_are_replaced_and_commits_repeat(odps):
    table = odps.create_table("blocks", "a bigint")
    tunnel = TableTunnel(odps)

    def write(upload, block, values):
        with upload.open_record_writer(block) as writer:
            for value in values:
                writer.write(table.new_record([value]))

    upload = tunnel.create_upload_session("blocks")
    write(upload, 7, [70])
    write(upload, 2, [20, 21])
    write(upload, 7, [71, 72])
    same(rows(table), [])
    again = tunnel.create_upload_session("blocks", upload_id=upload.id)
    same({int(block) for block in again.get_block_list()}, {2, 7})
    upload.commit([2, 7])
    same(rows(table), [[20], [21], [71], [72]])
    again.reload()
    same(again.status.name.upper(), "CLOSED")

    replacing = tunnel.create_upload_session("blocks", overwrite=True)
    write(replacing, 0, [1])
    same(len(rows(table)), 4)
    replacing.commit([0])
    same(rows(table), [[1]])
    with table.open_writer(overwrite=True) as writer:
        writer.write([[5]])
    same(rows(table), [[5]])


def case_ranges_of_a_download_do_not_change(odps):
    table = odps.create_table("ranges", "a bigint, b string")
    for part in range(3):
        with table.open_writer() as writer:
            writer.write([[part * 10_000 + number, "x" * 100] for number in range(10_000)])
    tunnel = TableTunnel(odps)
    download = tunnel.create_download_session("ranges")
    same(download.count, 30_000)
    with table.open_writer(overwrite=True) as writer:
        writer.write([[0, "new"]])

    def read(start, count, columns=None):
        with download.open_record_reader(start, count, columns=columns) as reader:
            return [record.values[0] for record in reader]

    same(read(9_990, 20), list(range(9_990, 10_010)))
    same(read(29_999, 1), [29_999])
    same(read(0, 30_000, columns=["a"]), list(range(30_000)))
    same(read(12_345, 3, columns=["b"]), ["x" * 100] * 3)
    same(rows(table), [[0, "new"]])
    with download.open_arrow_reader(9_990, 20) as reader:
        same(reader.read().column("a").to_pylist(), list(range(9_990, 10_010)))


def case_sql(odps):
    odps.execute_sql("create table sql_t (a bigint, b string, c decimal(10,2), d datetime) partitioned by (pt string)")
    odps.execute_sql(
        "insert into sql_t partition (pt='1') values (1, 'x', 1.25, '2024-01-02 03:04:05'),"
        " (2, null, -3, null), (3, 'z,\"q\"', null, datetime '1969-12-31 23:59:59')"
    )
    odps.execute_sql("insert into sql_t partition (pt='2') (b, a) values ('only', 9)")

    def query(text, **reading):
        with odps.execute_sql(text).open_reader(**reading) as reader:
            return [list(record.values) for record in reader]

    same(
        query("select * from sql_t where pt = '1'"),
        [
            [1, "x", decimal.Decimal("1.25"), utc(2024, 1, 2, 3, 4, 5), "1"],
            [2, None, decimal.Decimal("-3"), None, "1"],
            [3, 'z,"q"', None, utc(1969, 12, 31, 23, 59, 59), "1"],
        ],
    )
    same(query("select b, a from sql_t where pt >= '1' and a > 1 and a <> 2 limit 5"), [['z,"q"', 3], ["only", 9]])
    same(query("select count(*) from sql_t where pt in ('1','2')"), [[4]])
    same(query("select count(*) as n from sql_t where pt = '1' and b is not null", tunnel=False), [["2"]])
    same(query("select a from sql_t where pt='1' and a > 1.5 and c < 0"), [[2]])
    same(query("select pt from sql_t where pt > '0' limit 2"), [["1"], ["1"]])
    same(query("select 1 as one, 'x'"), [[1, "x"]])
    odps.execute_sql("insert overwrite table sql_t partition (pt='3') select a, b, c, d from sql_t where pt='1' and a < 3")
    same(query("select a from sql_t where pt='3'"), [[1], [2]])
    odps.execute_sql("alter table sql_t add columns (e array<bigint>)")
    same(query("select a, e from sql_t where pt='2'"), [[9, None]])
    with odps.get_table("sql_t").open_writer(partition="pt='2'") as writer:
        writer.write([[10, None, None, None, [1, 2]]])
    same(query("select a, e from sql_t where pt='2'"), [[9, None], [10, [1, 2]]])
    odps.execute_sql("truncate table sql_t partition (pt='1')")
    same(query("select count(*) from sql_t where pt='1'"), [[0]])
    assert "pt=1" in odps.execute_sql("show partitions sql_t").open_reader().raw
    assert "bigint" in odps.execute_sql("desc sql_t").open_reader().raw


def case_failed_jobs_say_why(odps):
    same("ODPS-0130161" in refused(errors.ODPSError, lambda: odps.execute_sql("merge into x using y")), True)
    refused(errors.ParseError, lambda: odps.execute_sql("selekt 1"))
    refused(errors.NoSuchTable, lambda: odps.execute_sql("select * from no_such_table"))
    odps.create_table("failing", ("a bigint, v varchar(3)", "pt string"))
    for text in (
        "select a from failing",
        "insert into failing partition (pt='1') values ('x', null)",
        "insert into failing partition (pt='1') values (1, 'long')",
        "insert into failing partition (pt='1') values (1)",
        "insert into failing partition (pt='1') values (-9223372036854775808, null)",
        "select nothing from failing where pt='1'",
        "truncate table failing",
        "drop table elsewhere.failing",
    ):
        message = refused(errors.ODPSError, lambda: odps.execute_sql(text))
        assert "ODPS-0130071" in message, f"{text}: {message}"
    same(odps.get_table("failing").exist_partition("pt='1'"), False)


def case_streams_are_visible_at_once(odps):
    table = odps.create_table("streamed", "a bigint")
    upload = TableTunnel(odps).create_stream_upload_session("streamed")
    for value in (1, 2):
        with upload.open_record_writer() as writer:
            writer.write(table.new_record([value]))
        same(len(rows(table)), value)
    upload.abort()


def case_previews(odps):
    import pandas

    table = odps.create_table("previewed", "a bigint, t timestamp")
    stamp = pandas.Timestamp("1969-12-31 23:59:59.999999999")
    with table.open_writer() as writer:
        writer.write([[1, stamp], [2, None]])
    first = list(table.head(1, use_legacy=False))
    same([(record[0], record[1].value) for record in first], [(1, stamp.value)])
    parts = odps.create_table("previewed_parts", ("a bigint, b string", "pt string"))
    for value in ("1", "2"):
        with parts.open_writer(partition=f"pt='{value}'", create_partition=True) as writer:
            writer.write([[int(value), "x,\n\"y\""], [None, ""]])
    same([list(record.values) for record in parts.head(2, partition="pt='2'")], [[2, 'x,\n"y"', "2"], [None, "", "2"]])
    same([list(record.values) for record in parts.head(3, columns=["a"])], [[1], [None], [2]])


def case_refused_by_the_client_or_the_server(odps):
    table = odps.create_table("strict", "a bigint not null, v varchar(3), p decimal(4,2)")
    for row in ([None, None, None], [1, "long", None], [1, None, decimal.Decimal("100")]):
        def write():
            with table.open_writer() as writer:
                writer.write([row])

        refused(Exception, write)
    same(rows(table), [])


def case_primary_key_tables_take_no_plain_transfer(odps):
    odps.execute_sql(
        "create table keyed (id bigint not null, v string, primary key (id)) tblproperties ('transactional'='true')"
    )
    same(odps.get_table("keyed").is_transactional, True)
    same(odps.get_table("keyed").primary_key, ["id"])
    tunnel = TableTunnel(odps)
    refused(errors.ODPSError, lambda: tunnel.create_upload_session("keyed"))
    refused(errors.ODPSError, lambda: tunnel.create_download_session("keyed"))


def case_schemas_are_places_of_their_own(odps):
    odps.execute_sql("create schema shop")
    table = odps.create_table("goods", ("a bigint, b string", "pt string"), schema="shop")
    with table.open_writer(partition="pt='1'", create_partition=True) as writer:
        writer.write([[1, "x"], [2, None]])
    same(rows(table, partition="pt='1'"), [[1, "x", "1"], [2, None, "1"]])
    same([table.name for table in odps.list_tables(schema="shop")], ["goods"])
    same([odps.exist_table("goods"), odps.exist_table("goods", schema="shop")], [False, True])
    refused(errors.NoSuchSchema, lambda: list(odps.list_tables(schema="no_such_schema")))
    odps.delete_table("goods", schema="shop")


def case_views_and_external_tables_are_told_apart(odps):
    odps.create_table("told_t", "a bigint")
    odps.execute_sql("create view told_v as select a from told_t")
    odps.execute_sql("create external table told_e (a bigint) location 'oss://bucket/folder/'")
    kinds = {table.name: table.type.value for table in odps.list_tables(prefix="told_")}
    same(kinds, {"told_t": "MANAGED_TABLE", "told_v": "VIRTUAL_VIEW", "told_e": "EXTERNAL_TABLE"})
    refused(errors.ODPSError, lambda: rows(odps.get_table("told_e")))


def case_project(odps):
    project = odps.get_project()
    same(project.name, PROJECT)
    assert project.creation_time is not None
    same(odps.exist_project("no_such_project"), False)
    refused(errors.NoSuchProject, lambda: list(odps.list_tables(project="no_such_project")))


def signatures(endpoint):
    with urllib.request.urlopen(endpoint.removesuffix("/api") + "/emulator/stats") as answer:
        return json.load(answer)["signatures"]


def run(endpoint, endpoint_v4):
    odps = connect(endpoint)
    cases = [(name, case) for name, case in globals().items() if name.startswith("case_")]
    failed = 0

    def attempt(name, action):
        nonlocal failed
        started = time.monotonic()
        try:
            action()
            print(f"ok {name} {time.monotonic() - started:.2f}s", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED {name}\n{traceback.format_exc()}", flush=True)

    for name, case in cases:
        attempt(name, lambda: case(odps))

    def version_4():
        # A table refers to its client weakly. When the client has gone, pyodps makes another one in its place, and
        # that one does not know the region and signs with version 2.
        client = connect(endpoint_v4, region_name=REGION)
        table = client.create_table("signed", "a bigint, b string")
        with table.open_writer() as writer:
            writer.write([[1, "x"]])
        same(rows(table), [[1, "x"]])
        counts = signatures(endpoint_v4)
        same(counts["last_refusals"], [])
        same(counts["rest"]["v2"], 0)  # Tunnel requests have it whatever this client was told
        assert counts["rest"]["v4"] > 3

    def refusals():
        for client in (
            connect(endpoint, key="wrong"),
            connect(endpoint_v4),
            connect(endpoint_v4, region_name="cn-elsewhere"),
            connect(endpoint_v4, key="wrong", region_name=REGION),
        ):
            refused(errors.SignatureNotMatch, lambda: client.exist_table("x"))
        assert signatures(endpoint)["refused"] >= 1

    attempt("version_4", version_4)
    attempt("refusals", refusals)
    print(f"{len(cases) + 2 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2]))
