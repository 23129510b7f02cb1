"""The links to one report as their makers see them: which of them open, and why the others do not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import ShareLink, Team, Unit
from ..web.dates import day
from .forms import ShareForm, SharePortfolioForm
from .rights import makers_with_right


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A link, why it does not open (empty if it does), and the address to revoke it."""

    link: ShareLink
    ended: str
    revoke: str

    @property
    def is_open(self) -> bool:
        return not self.ended

    @property
    def can_be_revoked(self) -> bool:
        """Also of links that would open again if their maker got the right back."""
        return self.link.revoked_on is None and not self.link.is_expired

    @property
    def state(self) -> str:
        return self.ended or _("Works until {day}").format(day=day(self.link.expires_on))

    @property
    def left_out(self) -> str:
        """What its maker left out of the report, in words; empty if nothing."""
        choices = ShareForm.LEFT_OUT if self.link.result_id else SharePortfolioForm.LEFT_OUT
        return " · ".join(str(label) for code, label in choices if code in self.link.leaves_out)

    @property
    def seen(self) -> str:
        """How often it was opened, and when last."""
        last = self.link.last_opened_on
        if last is None:
            return _("Never opened")
        sentence = ngettext("Opened once, on {day}", "Opened {count} times, last on {day}", self.link.opened)
        return sentence.format(count=self.link.opened, day=day(last))


def link_rows(links: Iterable[ShareLink], *, of: Team | Unit, revoke: Callable[[ShareLink], str]) -> list[LinkRow]:
    """Those that open come first, then the others; of each kind the newest first."""
    listed = list(links)
    may_share = makers_with_right(listed, of=of)
    rows = []
    for link in listed:
        ended = _why_it_ended(link, has_right=link.made_by_id in may_share)
        rows.append(LinkRow(link=link, ended=ended, revoke=revoke(link)))
    return sorted(rows, key=lambda row: not row.is_open)


def _why_it_ended(link: ShareLink, *, has_right: bool) -> str:
    if link.revoked_on:
        return _("Revoked on {day}").format(day=day(link.revoked_on))
    if link.is_expired:
        return _("Expired on {day}").format(day=day(link.expires_on))
    if link.result and not link.result.is_current:
        return _("Ended: a newer generation replaced the result")
    if not has_right:
        return _("Ended: the person who made it may no longer share this")
    return ""
