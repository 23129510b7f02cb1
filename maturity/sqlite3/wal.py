"""Whether the `-wal` beside a database belongs to it, found before anything opens the two.

SQLite does not ask: it writes the pages of any `-wal` with the right name over those of the database. The formats of
both are described at https://www.sqlite.org/fileformat2.html. What is read here is page 1 of the database, and every
page 1 in the `-wal`.
"""

import contextlib
import fcntl
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_WAL_HEADER = struct.Struct(">8I")
_FRAME_HEADER = struct.Struct(">6I")
#: The last bit says in which order of bytes checksums are computed.
_LITTLE_ENDIAN, _BIG_ENDIAN = 0x377F0682, 0x377F0683
#: The bytes of the database that every connection holds a lock on for as long as it is open.
_SHARED_START, _SHARED_LENGTH = 0x40000002, 510


@dataclass(frozen=True, slots=True)
class _State:
    """The database after a transaction, as page 1 tells it. `base.py` says where the two numbers come from."""

    page: bytes

    def _read(self, offset: int) -> int:
        return int.from_bytes(self.page[offset : offset + 4], "big")

    @property
    def change_counter(self) -> int:
        """SQLite's own. It counts transactions that changed page 1, several in a row by one connection as one."""
        return self._read(24)

    @property
    def schema_cookie(self) -> int:
        return self._read(40)

    @property
    def number(self) -> int:
        return self._read(60)

    @property
    def number_before(self) -> int:
        return self._read(68)

    def comes_right_after(self, earlier: "_State") -> bool:
        # A copy that was made with VACUUM INTO has the same numbers, but other pages. Its cookie is raised.
        is_same_file = self.change_counter - earlier.change_counter in {0, 1} and (
            self.schema_cookie >= earlier.schema_cookie
        )
        # Other programs that write, such as sqlite3, leave the numbers as they are.
        has_no_number = (self.number, self.number_before) == (earlier.number, earlier.number_before)
        return is_same_file and (has_no_number or self.number_before == earlier.number)


def belongs(file: Path) -> bool:
    """Whether SQLite may write the changes in the `-wal` beside the file into it; also if there are none."""
    wal = Path(f"{file}-wal")
    if not wal.exists() or wal.stat().st_size == 0:
        return True
    if not file.exists():
        return not any(True for _ in _transactions(wal))
    with file.open("rb+") as database, _alone(database) as is_alone:
        # Whoever has it open has looked before, and what changes meanwhile cannot be compared.
        return not is_alone or _are_changes_of(database, wal)


@contextlib.contextmanager
def _alone(database: BinaryIO) -> Iterator[bool]:
    """Keeps SQLite from opening the file, for a moment; False if somebody has it open."""
    # Those that start together look one after the other. This lock is not one of SQLite's.
    fcntl.flock(database, fcntl.LOCK_EX)
    try:
        fcntl.lockf(database, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_LENGTH, _SHARED_START)
    except BlockingIOError:
        yield False
    else:
        yield True
    # Closing the file gives both locks back.


def _are_changes_of(database: BinaryIO, wal: Path) -> bool:
    """The file is as it was before the first transaction, or page 1 was already written into it by a later one.

    A `-wal` without any page 1 tells nothing. No transaction of the application leaves one.
    """
    first: _State | None = None
    current: _State | None = None
    for page_size, page in _transactions(wal):
        if page is None:
            continue
        if first is None:
            first = _State(page)
            current = _State(database.read(page_size))
            if first.comes_right_after(current):
                return True
        if current == _State(page):
            return True
    return first is None


def _transactions(wal: Path) -> Iterator[tuple[int, bytes | None]]:
    """Each transaction that SQLite would read: the size of a page, and page 1 as it left it, if it changed page 1."""
    with wal.open("rb") as file:
        header = file.read(_WAL_HEADER.size)
        if len(header) < _WAL_HEADER.size:
            return
        magic, _version, page_size, _sequence, *salts, sum_1, sum_2 = _WAL_HEADER.unpack(header)
        if magic not in {_LITTLE_ENDIAN, _BIG_ENDIAN}:
            return
        order = ">" if magic == _BIG_ENDIAN else "<"
        sums = _checksums(header[:24], (0, 0), order)
        if sums != (sum_1, sum_2):
            return
        page_1: bytes | None = None
        while len(frame := file.read(_FRAME_HEADER.size + page_size)) == _FRAME_HEADER.size + page_size:
            page_number, size_if_committed, *frame_salts, sum_1, sum_2 = _FRAME_HEADER.unpack_from(frame)
            page = frame[_FRAME_HEADER.size :]
            sums = _checksums(page, _checksums(frame[:8], sums, order), order)
            # From here on it is what an earlier -wal left, or a transaction that was not written to its end.
            if frame_salts != salts or sums != (sum_1, sum_2):
                return
            if page_number == 1:
                page_1 = page
            if size_if_committed:
                yield page_size, page_1
                page_1 = None


def _checksums(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    sum_1, sum_2 = sums
    for word_1, word_2 in struct.iter_unpack(f"{order}II", data):
        sum_1 = (sum_1 + word_1 + sum_2) & 0xFFFFFFFF
        sum_2 = (sum_2 + word_2 + sum_1) & 0xFFFFFFFF
    return sum_1, sum_2
