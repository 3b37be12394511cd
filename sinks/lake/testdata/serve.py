"""Opens the tables of a lake by name, in a catalog that `panther lake serve` shows: by PyIceberg and by DuckDB.

    pip install "pyiceberg[pyarrow]==0.12.0" duckdb==1.5.5 duckdb-extension-{avro,httpfs,iceberg}==1.5.5 pytz
    python serve.py http://127.0.0.1:8181/iceberg

For each table: rows and distinct positions by both. Of a lake on S3 the credentials are those of the environment,
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Exit 1 if they disagree, if a position is there twice, or if there is no table.
"""

import importlib
import os
import pathlib
import sys

import duckdb
from pyiceberg.catalog import load_catalog

POSITION = ["topic_id", "partition", "offset", "line"]


def attach(uri: str, config: dict) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    for name in ["avro", "httpfs", "iceberg"]:  # where extensions can be downloaded, INSTALL iceberg does
        package = pathlib.Path(importlib.import_module(f"duckdb_extension_{name}").__file__).parent
        db.execute(f"LOAD '{next(package.rglob('*.duckdb_extension'))}'")
    if endpoint := config.get("s3.endpoint"):
        scheme, host = endpoint.split("://")
        db.execute(f"""CREATE SECRET (TYPE s3, KEY_ID '{os.environ["AWS_ACCESS_KEY_ID"]}', SECRET '{os.environ["AWS_SECRET_ACCESS_KEY"]}',
                       ENDPOINT '{host}', URL_STYLE 'path', USE_SSL {scheme == "https"}, REGION '{config.get("s3.region", "us-east-1")}')""")
    db.execute(f"ATTACH '' AS lake (TYPE iceberg, ENDPOINT '{uri}', AUTHORIZATION_TYPE 'none', ACCESS_DELEGATION_MODE 'none')")
    return db


def main() -> int:
    uri = sys.argv[1]
    catalog = load_catalog("panther", type="rest", uri=uri)
    db = attach(uri, catalog.properties)
    bad = seen = 0
    for space in catalog.list_namespaces():
        for name in catalog.list_tables(space):
            seen += 1
            rows = catalog.load_table(name).scan().to_arrow()  # every column, so that each of them is read
            distinct = rows.select(POSITION).group_by(POSITION).aggregate([]).num_rows
            duck = db.execute(f"""SELECT count(*), count(DISTINCT (topic_id, partition, "offset", line)) FROM lake.{'.'.join(name)}""").fetchone()
            answers = {"pyiceberg": (rows.num_rows, distinct), "duckdb": duck}
            ok = len(set(answers.values())) == 1 and rows.num_rows == distinct > 0
            bad += not ok
            print(f"{'ok ' if ok else 'BAD'} {'.'.join(name)}: " + ", ".join(f"{k} {v[0]} rows {v[1]} distinct" for k, v in answers.items()))
    return 1 if bad or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
