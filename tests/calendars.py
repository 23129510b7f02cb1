"""Reads iCalendar files more strictly than calendars do."""

import re

PROPERTY = re.compile(r"[A-Z][A-Z-]*(;[A-Z]+=[A-Z]+)*:")


def lines_of(data: bytes) -> list[str]:
    """Its lines put together again; fails if one is too long, ends otherwise than with CRLF, or is torn."""
    assert data.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data), "a line that does not end with CRLF"
    pieces = data.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(piece) <= 75 for piece in pieces), "a line of more than 75 octets"
    for piece in pieces:
        piece.decode()  # No character is torn apart.
    lines = data.removesuffix(b"\r\n").replace(b"\r\n ", b"").decode().split("\r\n")
    assert all(PROPERTY.match(line) for line in lines), lines
    return lines


def entries_of(data: bytes) -> list[dict[str, str]]:
    """Values by name with parameters, of each entry; fails if the calendar is not as it has to be."""
    lines = lines_of(data)
    assert lines[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", lines[2]]
    assert lines[2].startswith("PRODID:")
    assert lines[-1] == "END:VCALENDAR"
    entries: list[dict[str, str]] = []
    is_inside = False
    for line in lines[1:-1]:
        name, _, value = line.partition(":")
        if name == "BEGIN":
            assert (value, is_inside) == ("VEVENT", False)
            entries.append({})
            is_inside = True
        elif name == "END":
            assert (value, is_inside) == ("VEVENT", True)
            is_inside = False
        elif is_inside:
            assert name not in entries[-1], f"{name} stands twice"
            entries[-1][name] = value
    assert not is_inside
    for entry in entries:
        assert {"UID", "DTSTAMP", "DTSTART;VALUE=DATE", "SUMMARY"} <= set(entry)
    identities = [entry["UID"] for entry in entries]
    assert len(set(identities)) == len(identities)
    return entries


def unescaped(value: str) -> str:
    """The text that a value stands for; fails if something in it should have been escaped."""
    assert not re.search(r"(?<!\\)(\\\\)*[,;]", value), "a separator that is not escaped"
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)
