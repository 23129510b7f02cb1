"""A file of earlier assessments as lines, whichever of the known kinds it is."""

from django.utils.translation import gettext as _

from ..models.frameworks import Contents
from ..web.given_tables import text_of
from .dsomm import looks_like_progress, progress
from .lines import BesideFile, GivenHistory, HistoryFileError
from .samm import sammwise, toolbox, toolbox_sheet
from .tables import lines_of, rows_of_text, table_in
from .workbook import WorkbookError, looks_like_workbook, sheets_of

MEGABYTE = 1_000_000
MAX_BYTES = 6 * MEGABYTE


def read_history(name: str, content: bytes, *, about: BesideFile, contents: Contents) -> GivenHistory:
    """What the file says of the framework with these contents; raises HistoryFileError if it cannot be used at all.

    The kind of file is told by its content: a workbook, JSON of SAMMwise, progress of DSOMM, or a table as text.
    """
    if len(content) > MAX_BYTES:
        sentence = _("The file is larger than {size} MB. Import it in parts.")
        raise HistoryFileError(sentence.format(size=MAX_BYTES // MEGABYTE))
    if looks_like_workbook(content):
        return _of_workbook(content, about)
    text = text_of(content)
    if text is None:
        raise HistoryFileError(_("This file is neither text nor a workbook. Save the table as XLSX or CSV."))
    if not text.strip():
        raise HistoryFileError(_("The file is empty."))
    if text.lstrip().startswith("{"):
        return sammwise(text, name=name, about=about)
    if looks_like_progress(text):
        return progress(text, name=name, contents=contents)
    return lines_of(rows_of_text(text), about)


def _of_workbook(content: bytes, about: BesideFile) -> GivenHistory:
    try:
        sheets = [sheet for sheet in sheets_of(content) if sheet.rows]
    except WorkbookError as error:
        raise HistoryFileError(str(error)) from None
    if not sheets:
        raise HistoryFileError(_("The workbook is empty."))
    if answers := toolbox_sheet(sheets):
        return toolbox(answers, about=about)
    sheet = table_in(sheets) or sheets[0]
    return lines_of(sheet.rows, about, sheet=sheet.name if len(sheets) > 1 else "")
