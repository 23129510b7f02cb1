"""A program of its own, without Django: reads HTML, writes a tagged PDF.

    python pdf_maker.py STYLE.css FONTS < page.html > page.pdf

It fetches nothing but the fonts in that folder and what the page itself holds.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

#: Seconds of a processor after which it is ended: whoever asked has been told by then that it takes too long.
MOST_SECONDS = 40


class FontsOnly(URLFetcher):
    """Answers for files of one folder, and for what a page holds within an address."""

    def __init__(self, fonts: Path) -> None:
        super().__init__(allowed_protocols={"file", "data"}, allow_redirects=False)
        self.fonts = fonts.resolve()

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if not url.startswith("data:") and not self._is_font(url):
            raise ValueError("Only fonts of the product are fetched.")
        return super().fetch(url, headers)

    def _is_font(self, url: str) -> bool:
        """Of the file that would be opened: in an address, `%2f` is one more way to write a slash."""
        return url.startswith("file:///") and Path(url2pathname(urlsplit(url).path)).resolve().parent == self.fonts


def write_pdf(html: str, style: Path, fonts: Path) -> bytes:
    """The page as PDF/UA: tagged, with bookmarks for its headings, and the parts of fonts that it uses."""
    fetcher = FontsOnly(fonts)
    known_fonts = FontConfiguration()
    css = CSS(
        string=style.read_text(encoding="utf-8"),
        base_url=style.resolve().as_uri(),
        url_fetcher=fetcher,
        font_config=known_fonts,
    )
    page = HTML(string=html, base_url=style.resolve().as_uri(), url_fetcher=fetcher)
    return page.write_pdf(stylesheets=[css], font_config=known_fonts, pdf_variant="pdf/ua-1", pdf_tags=True)


def _be_modest() -> None:
    """People who save answers come first; and a page that cannot be laid out takes no processor for ever."""
    if sys.platform != "win32":
        import resource

        os.nice(10)
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))


if __name__ == "__main__":
    _be_modest()
    made = write_pdf(sys.stdin.buffer.read().decode(), Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.buffer.write(made)
