"""What the benchmarks are measured against: `peers.py PEER DIRECTION …`, one process for each run.

PostgreSQL is found through libpq's variables, MaxCompute through ENDPOINT, ACCESS_ID and ACCESS_KEY.
"""

import os
import sys

POSTGRESQL = "postgresql://{PGUSER}:{PGPASSWORD}@{PGHOST}:{PGPORT}/{PGDATABASE}".format(**os.environ)


def duckdb():
    import duckdb
    import duckdb_extension_postgres_scanner as extension

    folder = os.path.dirname(extension.__file__)
    path = os.path.join(folder, "extensions", f"v{duckdb.__version__}", "postgres_scanner.duckdb_extension")
    connection = duckdb.connect()
    connection.execute(f"load '{path}'")
    connection.execute("attach '' as pg (type postgres)")
    return connection


def duckdb_out(table, file):
    duckdb().execute(f"copy pg.public.{table} to '{file}' (format parquet, compression snappy)")


def duckdb_in(file, table):
    duckdb().execute(f"insert into pg.public.{table} select * from '{file}'")


def duckdb_check(table, files):
    """Ends with an error unless the files hold the rows of the table."""
    connection = duckdb()

    def checksum(source):
        return connection.execute(f"select count(*), sum(hash(r)) from (select * from {source}) r").fetchone()

    expected, found = checksum(f"pg.public.{table}"), checksum(f"'{files}'")
    if found != expected:
        sys.exit(f"the rows are not those of the source: {found} instead of {expected}")


def connectorx_out(table, file):
    import connectorx
    import pyarrow.parquet

    query = f"select * from {table}"
    rows = connectorx.read_sql(
        POSTGRESQL, query, return_type="arrow", partition_on="id", partition_num=2
    )
    pyarrow.parquet.write_table(rows, file, compression="snappy")


def adbc_out(table, file):
    import adbc_driver_postgresql.dbapi as adbc
    import pyarrow.parquet

    with adbc.connect(POSTGRESQL) as connection, connection.cursor() as cursor:
        cursor.execute(f"select * from {table}")
        batches = cursor.fetch_record_batch()
        with pyarrow.parquet.ParquetWriter(file, batches.schema, compression="snappy") as writer:
            for batch in batches:
                writer.write_batch(batch)


def adbc_in(file, table):
    import adbc_driver_postgresql.dbapi as adbc
    import pyarrow
    import pyarrow.parquet

    source = pyarrow.parquet.ParquetFile(file)
    reader = pyarrow.RecordBatchReader.from_batches(source.schema_arrow, source.iter_batches())
    with adbc.connect(POSTGRESQL) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(table, reader, mode="append")
        connection.commit()


def maxcompute():
    from odps import ODPS, options

    # Types such as INT and DECIMAL(15,2) belong to the second type system.
    options.sql.use_odps2_extension = True
    return ODPS(
        os.environ["ACCESS_ID"],
        os.environ["ACCESS_KEY"],
        project="demo",
        endpoint=os.environ["ENDPOINT"],
    )


def pyodps_create(table):
    columns = (
        "id bigint, account bigint, quantity int, attempts int, level smallint,"
        " price decimal(15,2), discount decimal(15,2), active boolean, code string,"
        " born date, shipped date, created timestamp, updated timestamp,"
        " name string, city string, note string"
    )
    maxcompute().create_table(table, columns, if_not_exists=True)


def pyodps_out(source, target):
    """PostgreSQL to MaxCompute; the rows come from ADBC, which is fast."""
    import decimal

    import adbc_driver_postgresql.dbapi as adbc

    numeric = {"price", "discount"}
    table = maxcompute().get_table(target)
    with adbc.connect(POSTGRESQL) as connection, connection.cursor() as cursor:
        cursor.execute(f"select * from {source}")
        with table.open_writer(overwrite=True) as writer:
            for batch in cursor.fetch_record_batch():
                columns = [column.to_pylist() for column in batch.columns]
                for index, name in enumerate(batch.schema.names):
                    if name in numeric:
                        # ADBC hands PostgreSQL's numeric over as text.
                        columns[index] = [value and decimal.Decimal(value) for value in columns[index]]
                writer.write([list(row) for row in zip(*columns)])


def pyodps_in(source, target):
    """MaxCompute to PostgreSQL, through COPY in text form."""
    import csv
    import subprocess

    table = maxcompute().get_table(source)
    command = ["psql", "-Xqc", f"copy {target} from stdin (format csv)"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as psql:
        rows = csv.writer(psql.stdin)
        with table.open_reader() as reader:
            for row in reader:
                rows.writerow(row.values)
        psql.stdin.close()
    sys.exit(psql.returncode)


PEERS = {name: value for name, value in globals().items() if name.endswith(("_in", "_out", "_create", "_check"))}

if sys.argv[1] not in PEERS:
    sys.exit(__doc__)
PEERS[sys.argv[1]](*sys.argv[2:])
