"""Reads the tables of a lake with engines that are not ours, by the plain path of the folder.

    pip install pyiceberg pyarrow duckdb
    python read.py DIR [table=rows ...]

For each table: rows and distinct positions by PyIceberg, the same by DuckDB over the files that PyIceberg plans, and, where
the extension can be loaded, by DuckDB's own reader of Iceberg. Exit 1 if they disagree, if a position is there twice, or if a
table has other rows than the arguments say.
"""

import pathlib
import sys

import duckdb
from pyiceberg.table import StaticTable

POSITION = ["topic_id", "partition", "offset", "line"]


def newest(table: pathlib.Path) -> pathlib.Path:
    versions = table.glob("metadata/v*.metadata.json")
    return max(versions, key=lambda v: int(v.name[1:].split(".")[0]))


def iceberg_extension(db) -> bool:
    try:
        db.execute("INSTALL iceberg; LOAD iceberg")
        return True
    except duckdb.Error:
        return False


def main() -> int:
    lake = pathlib.Path(sys.argv[1]).resolve()
    want = dict(arg.split("=") for arg in sys.argv[2:])
    db = duckdb.connect()
    extension = iceberg_extension(db)
    bad, seen = 0, set()
    for folder in sorted(p.parent for p in lake.glob("*/*/metadata")):
        name = f"{folder.parent.name}.{folder.name}"
        seen.add(name)
        static = StaticTable.from_metadata(str(newest(folder)))
        rows = static.scan().to_arrow()  # every column, so that each of them is read
        distinct = rows.select(POSITION).group_by(POSITION).aggregate([]).num_rows
        files = [task.file.file_path for task in static.scan().plan_files()]
        count = "count(*), count(distinct (topic_id, partition, \"offset\", line))"
        duck = db.execute(f"SELECT {count} FROM read_parquet($1, union_by_name=true)", [files]).fetchone() if files else (0, 0)
        answers = {"pyiceberg": (rows.num_rows, distinct), "duckdb on the files": duck}
        if extension:
            answers["duckdb iceberg_scan"] = db.execute(f"SELECT {count} FROM iceberg_scan('{newest(folder)}')").fetchone()
        ok = len(set(answers.values())) == 1 and rows.num_rows == distinct and want.get(name) in (None, str(distinct))
        bad += not ok
        print(f"{'ok ' if ok else 'BAD'} {name}: " + ", ".join(f"{k} {v[0]} rows {v[1]} distinct" for k, v in answers.items())
              + (f", want {want[name]}" if name in want else ""))
    for name in want.keys() - seen:
        bad += 1
        print(f"BAD {name}: there is no such table")
    return 1 if bad or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
