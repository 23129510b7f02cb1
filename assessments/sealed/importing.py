"""A sealed file of another installation as history of a team here: calculated again, never believed."""

import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from ..frameworks.format.differences import is_new_ladder
from ..frameworks.format.schema import FrameworkFile
from ..frameworks.storing import VersionTaken, store
from ..models import Edition, ForeignResult, Framework, Provenance, Refused, Team, User
from .checking import Opened


def import_result(file: Opened, *, team: Team, by: User | None = None) -> tuple[Provenance, bool]:
    """Stores the result in a sealed file as a closed assessment of the team; the same file again changes nothing.

    Returns where it came from, and whether it is new. The caller has checked whose key it is. Raises Refused if its
    figures do not follow from its ratings, and for what cannot stand beside what is here.
    """
    if file.differences:
        raise Refused(_("The figures in this file do not follow from its ratings, so nothing was imported."))
    about = file.payload.assessment
    foreign = ForeignResult(
        source=UUID(about.id),
        digest=file.digest,
        installation=file.payload.installation,
        date=datetime.date.fromisoformat(about.date),
        questionnaire=about.questionnaire,
        rule=about.rule,
        anonymous=about.anonymous,
        asked=about.asked,
        responded=about.responded,
        score=file.score,
    )
    return Provenance.objects.take_in(foreign, team=team, edition=lambda: _edition(file.framework, by), by=by)


def _edition(file: FrameworkFile, by: User | None) -> Edition:
    """The edition with this content; stored if it is not here yet, and then offered to nobody if others are.

    Raises Refused if its levels or its version would be mistaken for others that are here.
    """
    framework = Framework.objects.filter(key=file.framework.key).first()
    here = [] if framework is None else list(framework.editions.frozen())
    for edition in here:
        if edition.digest == file.digest:
            return edition
    if here and is_new_ladder([level.name for level in here[0].levels.all()], [level.name for level in file.levels]):
        sentence = _("Here, {framework} has other levels, so this result cannot stand beside results of this team.")
        raise Refused(sentence.format(framework=file.framework.name))
    try:
        edition = store(file, origin=Edition.Origin.IMPORTED, by=by).edition
    except VersionTaken as taken:
        raise Refused(str(taken)) from taken
    if edition.is_draft:
        sentence = _("{version} is a draft here. Publish or discard it, then import again.")
        raise Refused(sentence.format(version=edition))
    if here:
        edition.retire()
    return edition
