"""Reads the tables of a lake with engines that are not ours, by the plain path of the folder.

    pip install pyiceberg pyarrow duckdb polars
    python read.py [--rows ROWS.json] DIR [table=rows ...]

Each table is read by PyArrow, file by file, columns by their ids; by PyIceberg; by Polars; and by DuckDB, with its own reader of
Iceberg where that extension can be loaded, else, for the number of rows alone, over the files. Exit 1 if they do not find the
same rows with the same types, if a position is there twice, if a table has other rows than the arguments say, or other
values than the file of --rows has.
"""

import argparse
import importlib
import json
import os
import pathlib
import sys

import duckdb
import polars
import pyarrow
import pyarrow.parquet
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import StaticTable

os.environ.setdefault("POLARS_ICEBERG_PLANNER", "pyiceberg")  # what it takes anyway, without a warning each time
POSITION = ["topic_id", "partition", "offset", "line"]
FIELD_ID = b"PARQUET:field_id"


def newest(table: pathlib.Path) -> pathlib.Path:
    versions = table.glob("metadata/v*.metadata.json")
    return max(versions, key=lambda v: int(v.name[1:].split(".")[0]))


def iceberg_extension(db) -> bool:
    db.execute("SET TimeZone = 'UTC'")
    try:
        for name in ["avro", "httpfs", "iceberg"]:  # as packages of pip
            package = pathlib.Path(importlib.import_module(f"duckdb_extension_{name}").__file__).parent
            db.execute(f"LOAD '{next(package.rglob('*.duckdb_extension'))}'")
        return True
    except (ImportError, StopIteration, duckdb.Error):
        pass
    try:
        db.execute("INSTALL iceberg; LOAD iceberg")
        return True
    except duckdb.Error:
        return False


def plain(t: pyarrow.DataType) -> pyarrow.DataType:
    """The type that engines mean, of the several that Arrow has for it."""
    if pyarrow.types.is_large_string(t) or pyarrow.types.is_string_view(t):
        return pyarrow.string()
    if pyarrow.types.is_large_binary(t) or pyarrow.types.is_binary_view(t):
        return pyarrow.binary()
    if pyarrow.types.is_timestamp(t) and t.tz:
        return pyarrow.timestamp(t.unit, "UTC")
    if pyarrow.types.is_list(t) or pyarrow.types.is_large_list(t):
        return pyarrow.list_(pyarrow.field("element", plain(t.value_type)))
    if pyarrow.types.is_struct(t):
        return pyarrow.struct([pyarrow.field(f.name, plain(f.type)) for f in t])
    return t


def id_of(field: pyarrow.Field) -> bytes:
    return (field.metadata or {}).get(FIELD_ID)


def by_id(values: pyarrow.Array, have: pyarrow.DataType, want: pyarrow.DataType) -> pyarrow.Array:
    """Values of a file as the table wants them: parts of structs by their ids, numbers widened."""
    if pyarrow.types.is_struct(want):
        found = {id_of(f): (values.field(i), f.type) for i, f in enumerate(have)}
        parts = [by_id(*found[id_of(f)], f.type) if id_of(f) in found else pyarrow.nulls(len(values), plain(f.type)) for f in want]
        return pyarrow.StructArray.from_arrays(parts, fields=list(plain(want)), mask=values.is_null())
    if pyarrow.types.is_list(want) or pyarrow.types.is_large_list(want):
        inner = by_id(values.values, have.value_type, want.value_type)
        return pyarrow.ListArray.from_arrays(values.offsets, inner, type=plain(want), mask=values.is_null())
    return values.cast(plain(want))


def read_pyarrow(files, schema: pyarrow.Schema) -> pyarrow.Table:
    """The files, each by itself: nobody but the schema says what belongs where."""
    tables = []
    for name in files:
        data = pyarrow.parquet.ParquetFile(name).read()
        found = {id_of(f): i for i, f in enumerate(data.schema)}
        columns = []
        for f in schema:
            i = found.get(id_of(f))
            columns.append(pyarrow.nulls(len(data), plain(f.type)) if i is None else by_id(data.column(i).combine_chunks(), data.schema.field(i).type, f.type))
        tables.append(pyarrow.table(columns, names=schema.names))
    return pyarrow.concat_tables(tables) if tables else pyarrow.schema([(f.name, plain(f.type)) for f in schema]).empty_table()


def normal(t: pyarrow.Table) -> pyarrow.Table:
    """Rows in the order of their positions, in the plain types."""
    return t.cast(pyarrow.schema([pyarrow.field(f.name, plain(f.type)) for f in t.schema])).sort_by([(p, "ascending") for p in POSITION]).combine_chunks()


def blurred(value, t: pyarrow.DataType):
    """A value with empty lists in place of null ones."""
    if pyarrow.types.is_list(t):
        return [blurred(v, t.value_type) for v in value or []]
    if pyarrow.types.is_struct(t) and value is not None:
        return {f.name: blurred(value[f.name], f.type) for f in t}
    return value


def difference(want: pyarrow.Table, got: pyarrow.Table, blur: bool) -> str:
    """In what two answers differ; empty: in nothing. With blur a null list is as an empty one."""
    if want.num_rows != got.num_rows:
        return f"{got.num_rows} rows"
    for f in want.schema:
        if f.name not in got.schema.names:
            return f"no column {f.name}"
        if got.schema.field(f.name).type != f.type:
            return f"column {f.name} is {got.schema.field(f.name).type}, want {f.type}"
        if not got[f.name].equals(want[f.name]):
            for i, (a, b) in enumerate(zip(want[f.name].to_pylist(), got[f.name].to_pylist())):
                if a != b and not (blur and blurred(a, f.type) == blurred(b, f.type)):
                    return f"column {f.name} of row {i} is {b!r}, want {a!r}"
    return ""


def full(value):
    """A value without what is null in it."""
    if isinstance(value, dict):
        return {k: full(v) for k, v in value.items() if v is not None}
    return [full(v) for v in value] if isinstance(value, list) else value


def check(folder: pathlib.Path, db, extension: bool, known) -> tuple[int, list[str], list[str]]:
    """The rows of a table, who has read them, and what is wrong."""
    metadata = str(newest(folder))
    static = StaticTable.from_metadata(metadata)
    files = [task.file.file_path for task in static.scan().plan_files()]
    want = normal(read_pyarrow(files, schema_to_pyarrow(static.schema(), include_field_ids=True)))
    answers = {"pyiceberg": static.scan().to_arrow(), "polars": polars.scan_iceberg(static).collect().to_arrow()}
    bad = []
    if extension:
        answers["duckdb"] = db.execute(f"SELECT * FROM iceberg_scan('{metadata}')").to_arrow_table()
    elif files and (n := db.execute("SELECT count(*) FROM read_parquet($1, union_by_name=true)", [files]).fetchone()[0]) != want.num_rows:
        bad.append(f"duckdb: {n} rows")
    # PyIceberg makes empty lists of lists of structs that are null; the others do not.
    bad += [f"{name}: {why}" for name, got in answers.items() if (why := difference(want, normal(got), blur=name == "pyiceberg"))]
    if (distinct := want.select(POSITION).group_by(POSITION).aggregate([]).num_rows) != want.num_rows:
        bad.append(f"{distinct} distinct positions")
    if known:
        names = {name for row in known for name in row}
        if (got := [full(row) for row in want.select([n for n in want.schema.names if n in names]).to_pylist()]) != known:
            bad.append(f"rows {got}, want {known}")
    return want.num_rows, ["pyarrow", *answers, *([] if extension else ["duckdb on the files"])], bad


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=pathlib.Path)
    parser.add_argument("lake", type=pathlib.Path)
    parser.add_argument("tables", nargs="*")
    args = parser.parse_args()
    counts = dict(arg.split("=") for arg in args.tables)
    known = json.loads(args.rows.read_text()) if args.rows else {}
    db = duckdb.connect()
    extension = iceberg_extension(db)
    wrong, seen = 0, set()
    for folder in sorted(p.parent for p in args.lake.resolve().glob("*/*/metadata")):
        name = f"{folder.parent.name}.{folder.name}"
        seen.add(name)
        rows, engines, bad = check(folder, db, extension, known.get(name))
        if counts.get(name) not in (None, str(rows)):
            bad.append(f"want {counts[name]} rows")
        wrong += bool(bad)
        print(f"{'BAD' if bad else 'ok '} {name}: {rows} rows by {', '.join(engines)}" + "".join("; " + b for b in bad))
    for name in (counts.keys() | known.keys()) - seen:
        wrong += 1
        print(f"BAD {name}: there is no such table")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
