"""Makes the pictures in docs/screenshots from the demo organisation, on a fixed day: `python -m scripts.screenshots`.

Needs what the tests need (`make install-dev`) and a Chromium.
"""

import re
import struct
import subprocess
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, sync_playwright

from tests.servers import ROOT, collect_static, manage, serving

TARGET = ROOT / "docs" / "screenshots"
TODAY = "2026-10-17"
Scheme = Literal["light", "dark"]


def sign_in(page: Page, address: str, person: str):
    page.goto(f"{address}/sign-in/")
    page.locator("summary").click()
    page.get_by_role("button", name=re.compile(f"^{person}")).first.click()
    page.wait_for_url(f"{address}/")


def team(page: Page):
    page.get_by_role("link", name="Teams", exact=True).click()
    page.get_by_role("link", name="Demand forecast", exact=True).first.click()


def result(page: Page):
    team(page)
    page.get_by_role("link", name=re.compile("^result of", re.IGNORECASE)).click()


def survey(page: Page):
    page.get_by_role("link", name=re.compile("^Continue")).first.click()
    page.wait_for_url("**/answer/to/*/**")
    page.evaluate("scrollTo(0, 0)")


#: File name: who looks, how to get there, and colour scheme, width and height of the window.
PICTURES: dict[str, tuple[str, Callable[[Page], None], Scheme, int, int]] = {
    "team-light": ("Carla Nunes", team, "light", 1180, 1240),
    "result-dark": ("Carla Nunes", result, "dark", 1120, 790),
    "survey-light": ("Jordan Okafor", survey, "light", 1120, 790),
    "survey-phone": ("Jordan Okafor", survey, "light", 390, 780),
}


def chunks_of(png: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG by kind; those of one kind are joined."""
    found: dict[bytes, bytes] = {}
    place = 8
    while place < len(png):
        (size,) = struct.unpack(">I", png[place : place + 4])
        kind = png[place + 4 : place + 8]
        found[kind] = found.get(kind, b"") + png[place + 8 : place + 8 + size]
        place += size + 12
    return found


def paeth(left: int, up: int, corner: int) -> int:
    return min((left, up, corner), key=lambda value: abs(left + up - corner - value))


def rows_of(data: bytes, length: int) -> Iterator[bytearray]:
    """The rows of a picture with three bytes a pixel, its filters undone (PNG, section 9)."""
    above = bytearray(length)
    for start in range(0, len(data), length + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + length])
        for i in range(length) if kind else ():
            left, corner = (row[i - 3], above[i - 3]) if i >= 3 else (0, 0)
            guess = (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner) if kind == 4 else 0)[kind]
            row[i] = (row[i] + guess) & 255
        yield row
        above = row


def with_few_colours(png: bytes) -> bytes:
    """The same picture with the 256 colours that it uses most; every other becomes the nearest of these."""
    chunks = chunks_of(png)
    width, height, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, kind) == (8, 2), "a picture with three bytes a pixel"
    rows = [
        [bytes(row[i : i + 3]) for i in range(0, 3 * width, 3)]
        for row in rows_of(zlib.decompress(chunks[b"IDAT"]), 3 * width)
    ]
    counted = Counter(colour for row in rows for colour in row)
    palette = [colour for colour, _ in counted.most_common(256)]
    place = {
        colour: min(
            range(len(palette)), key=lambda i: sum((a - b) ** 2 for a, b in zip(colour, palette[i], strict=True))
        )
        for colour in counted
    }
    data = zlib.compress(b"".join(b"\0" + bytes(map(place.__getitem__, row)) for row in rows), 9)
    made = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0),
        b"PLTE": b"".join(palette),
        b"IDAT": data,
        b"IEND": b"",
    }
    return png[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in made.items()
    )


def main():
    found = subprocess.run([ROOT / "scripts" / "find-browser"], stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        static = collect_static(home / "static")
        for command in (["migrate"], ["load_frameworks"], ["demo", "--today", TODAY]):
            manage(*command, DATA_DIR=str(home)).check_returncode()
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=["--no-sandbox"])
        with serving(home, MIGRATE="0", DEMO="1", STATIC_ROOT=str(static)) as server:
            for name, (person, go, scheme, width, height) in PICTURES.items():
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                sign_in(page, server.address, person)
                go(page)
                page.wait_for_load_state("networkidle")
                (TARGET / f"{name}.png").write_bytes(with_few_colours(page.screenshot()))
        browser.close()


if __name__ == "__main__":
    main()
