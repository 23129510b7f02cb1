"""What an issue of an action says: the action, what it is for, and where it is planned. Nobody's name is in it."""

from django.conf import settings
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from ..models import Action, Criterion
from ..models.trackers import LONGEST_TITLE, IssueText


def issue_text(action: Action, criterion: Criterion | None) -> IssueText:
    """`criterion` is None if the version in use no longer has it."""
    first_line = " ".join(action.text.strip().partition("\n")[0].split())
    page = f"{settings.SITE_URL}{reverse('team-roadmap', args=[action.team_id])}?framework={action.framework.key}"
    after = [_("Planned in Maturity: {address}").format(address=f"{page}#action-{action.pk}")]
    if criterion:
        after.insert(0, _("It is for: {criterion}").format(criterion=str(criterion.statement)))
    return IssueText(title=Truncator(first_line).chars(LONGEST_TITLE), text=action.text.strip(), after=after)
