"""Prints the address of a PostgreSQL server on which tests may create databases, or says on stderr why there is none.

That is TEST_DATABASE_URL where it is set, else the server of this machine.
"""

import os
import sys

import psycopg
from psycopg.conninfo import make_conninfo

DEFAULT = "postgresql://postgres@127.0.0.1:5432/maturity"


def trouble_with(address: str) -> str | None:
    """Why tests cannot use this server, or None. They make databases of their own, so the one named need not exist."""
    try:
        server = make_conninfo(address, dbname="postgres", connect_timeout=3)
        with psycopg.connect(server) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error as error:
        return str(error).strip().splitlines()[0]
    return None if row and row[0] else "the account may not create databases"


if __name__ == "__main__":
    address = os.environ.get("TEST_DATABASE_URL") or DEFAULT
    if trouble := trouble_with(address):
        sys.exit(trouble)
    print(address)
