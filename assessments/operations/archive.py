"""The file of a backup: a gzipped tar archive that is written and read from its beginning to its end.

Its members are, in this order:

- `about.json`: the version that wrote it, the migrations of the database, and the columns of each table;
- `rows/TABLE/NUMBER.jsonl`: rows of a table, one JSON array a line, in the order of the table's key;
- `sums.json`: for each table the number of its rows and a digest of them, and a digest of what came before.

An archive without `sums.json` is one that was not written to its end. Nothing is ever unpacked to a disk.
"""

import contextlib
import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import IO, Any

#: A row: one value a column, each a text, a whole number, true, false or null; see `columns.py`.
Row = list[Any]
FORMAT = 1
#: Rows are written in pieces of about this many bytes, so that no table has to fit into memory.
PIECE = 1 << 20
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ROWS = re.compile(r"rows/([a-z0-9_]+)/\d+\.jsonl")


class ArchiveDamaged(Exception):
    """The file is not a backup, or not a whole one; its text is a sentence that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTable:
    """A table, its key, and its columns with their kinds; see `columns.py`."""

    name: str
    key: str
    columns: list[tuple[str, str]]

    @property
    def key_kind(self) -> str:
        return dict(self.columns)[self.key]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known before the first row."""

    version: str
    #: When it was made, in UTC.
    made_at: str
    database: str
    #: By application, the migrations that the database had.
    migrations: dict[str, list[str]]
    tables: list[StoredTable]
    #: Encrypted, see `passphrase.py`; empty unless it was asked for.
    secret_key: str = ""


@dataclass(slots=True)
class TableSum:
    """The number of rows of a table, their SHA-256, and the last number that the table gave to a row by itself."""

    rows: int = 0
    last_number: int | None = None
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, lines: bytes, rows: int) -> None:
        self.digest.update(lines)
        self.rows += rows

    def as_json(self) -> dict[str, Any]:
        return {"rows": self.rows, "sha256": self.digest.hexdigest(), "last_number": self.last_number}


#: By the name of the table.
Sums = dict[str, dict[str, Any]]
#: Their rows together are the results.
RESULT_TABLES = ("assessments_result", "assessments_partresult", "assessments_criterionresult")


def digest_of_results(sums: Sums) -> str:
    """One digest over every figure of every result."""
    digests = "".join(sums[name]["sha256"] for name in RESULT_TABLES if name in sums)
    return hashlib.sha256(digests.encode()).hexdigest()


def lines_of(rows: Iterable[Row]) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False, separators=(',', ':'))}\n" for row in rows).encode()


class ArchiveWriter:
    """Writes an archive into a file that need not be able to seek, such as a pipe. Call `close` at the end."""

    def __init__(self, output: IO[bytes], about: About) -> None:
        self._zipped = gzip.GzipFile(fileobj=output, mode="wb", compresslevel=6, mtime=0)
        self._tar = tarfile.TarFile.open(fileobj=self._zipped, mode="w|", format=tarfile.USTAR_FORMAT)
        head = json.dumps({"program": "maturity", "format": FORMAT, **asdict(about)}, indent=1).encode()
        self._head_digest = hashlib.sha256(head).hexdigest()
        self._add("about.json", head)

    def _add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        member.mode = 0o600
        self._tar.addfile(member, io.BytesIO(content))

    def write_table(self, table: StoredTable, rows: Iterable[Row], last_number: int | None) -> dict[str, Any]:
        total = TableSum(last_number=last_number)
        for number, piece in enumerate(pieces(rows), 1):
            lines = lines_of(piece)
            total.add(lines, len(piece))
            self._add(f"rows/{table.name}/{number}.jsonl", lines)
        return total.as_json()

    def close(self, sums: Sums, editions: dict[str, str]) -> None:
        """Writes the sums, without which the archive is not whole. `editions` are digests by the edition's id."""
        end = {
            "about_sha256": self._head_digest,
            "results_sha256": digest_of_results(sums),
            "editions": editions,
            "tables": sums,
        }
        self._add("sums.json", json.dumps(end, indent=1).encode())
        self._tar.close()
        self._zipped.close()


def pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in lists that are small enough to be held in memory."""
    piece: list[Row] = []
    size = 0
    for row in rows:
        piece.append(row)
        # Numbers and marks are a few bytes each; what is long is text.
        size += sum(len(value) if isinstance(value, str) else 8 for value in row)
        if size >= PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


class ArchiveReader:
    """Reads an archive once, from its beginning: first `about`, then `pieces`, and then `sums` are known.

    Raises ArchiveDamaged for anything that is not a whole archive.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._source = gzip.GzipFile(fileobj=source, mode="rb")
        with _damage_told():
            self._tar = tarfile.TarFile.open(fileobj=self._source, mode="r|")
            self._members = iter(self._tar)
            name, self._head = self._next()
            if name != "about.json":
                raise ArchiveDamaged("This file is not a backup of Maturity.")
            self.about = _about(self._head)
        self.sums: Sums = {}
        self.results_digest = ""

    def _next(self) -> tuple[str, bytes]:
        member = next(self._members, None)
        if member is None:
            return "", b""
        content = self._tar.extractfile(member)
        if content is None:
            raise ArchiveDamaged(f"The backup holds something that is not a file: {member.name[:80]!r}.")
        return member.name, content.read()

    def pieces(self) -> Iterator[tuple[StoredTable, list[Row]]]:
        """Every row, in pieces of one table each. At the end, what was read is compared with the sums."""
        tables = {table.name: table for table in self.about.tables}
        read = {name: TableSum() for name in tables}
        while True:
            with _damage_told():
                name, content = self._next()
                if name == "sums.json":
                    self._compare(json.loads(content), read)
                    return
                match = _ROWS.fullmatch(name)
                if match is None:
                    raise ArchiveDamaged("The backup was not written to its end, or is damaged.")
                table = tables[match[1]]
                rows = [json.loads(line) for line in content.split(b"\n") if line]
                if any(len(row) != len(table.columns) for row in rows):
                    raise ArchiveDamaged(f"A row of {table.name} in the backup has not as many values as columns.")
                read[table.name].add(content, len(rows))
            yield table, rows

    def _compare(self, end: dict[str, Any], read: dict[str, TableSum]) -> None:
        # What follows is the end of the archive; reading it compares the checksum of the whole.
        while self._source.read(PIECE):
            pass
        if end["about_sha256"] != hashlib.sha256(self._head).hexdigest():
            raise ArchiveDamaged("The beginning of the backup is damaged.")
        for name, total in read.items():
            stored = end["tables"][name]
            if (total.rows, total.digest.hexdigest()) != (stored["rows"], stored["sha256"]):
                raise ArchiveDamaged(f"The rows of {name} in the backup are not those that were written.")
        self.sums = end["tables"]
        self.results_digest = end["results_sha256"]


def _about(content: bytes) -> About:
    data = json.loads(content)
    if data.pop("program", None) != "maturity":
        raise ArchiveDamaged("This file is not a backup of Maturity.")
    if data.pop("format") != FORMAT:
        raise ArchiveDamaged("This backup was made by a newer version of Maturity. Restore it with that version.")
    tables = [
        StoredTable(name=table["name"], key=table["key"], columns=[(column, kind) for column, kind in table["columns"]])
        for table in data.pop("tables")
    ]
    for table in tables:
        # They become part of SQL.
        for name in (table.name, *dict(table.columns)):
            if not _PLAIN_NAME.fullmatch(name):
                raise ArchiveDamaged(f"{name[:80]!r} is not the name of a table or column.")
    return About(tables=tables, **data)


@contextlib.contextmanager
def _damage_told() -> Iterator[None]:
    """Turns what Python raises for a damaged file into ArchiveDamaged."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ArchiveDamaged("This file is not a backup of Maturity, or it is damaged or cut off.") from error
    except (KeyError, ValueError, TypeError) as error:
        raise ArchiveDamaged(f"The backup is damaged: {error.__class__.__name__}.") from error
