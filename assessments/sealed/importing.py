"""A sealed file of another installation as history of a team here: calculated again, never believed."""

import datetime
from collections.abc import Iterator
from uuid import UUID

from django.utils.translation import gettext as _

from ..frameworks.format.differences import is_new_ladder
from ..frameworks.format.schema import FrameworkFile
from ..frameworks.storing import VersionTaken, store
from ..models import Edition, ForeignResult, Framework, Provenance, Refused, Team, User
from .checking import Opened


def import_result(
    file: Opened, *, team: Team, by: User | None = None, may_publish: bool = True
) -> tuple[Provenance, bool]:
    """Stores the result in a sealed file as a closed assessment of the team; the same file again changes nothing.

    `may_publish`: whether a version of a framework that is not here yet may come along. Returns where it came from, and
    whether it is new. The caller has checked whose key it is. Raises Refused if its figures do not follow from its
    ratings, and for what cannot stand beside what is here.
    """
    if file.differences:
        raise Refused(_("The figures in this file do not follow from its ratings, so nothing was imported."))

    def edition() -> Edition:
        return _edition(file.framework, by, may_publish=may_publish)

    return Provenance.objects.take_in(foreign_result(file), team=team, edition=edition, by=by)


def foreign_result(file: Opened) -> ForeignResult:
    """What is stored of a sealed file."""
    about = file.payload.assessment
    return ForeignResult(
        source=UUID(about.id),
        digest=file.digest,
        installation=file.payload.installation,
        date=datetime.date.fromisoformat(about.date),
        questionnaire=about.questionnaire,
        rule=about.rule,
        anonymous=about.anonymous,
        asked=about.asked,
        responded=about.responded,
        semantics=file.semantics,
        score=file.score,
    )


def edition_here(file: FrameworkFile) -> Edition | None:
    """The published or retired edition with this very content, None if there is none."""
    frozen = Edition.objects.frozen().filter(framework__key=file.framework.key)
    return frozen.filter(digest=file.digest).select_related("framework").first()


def edition_hindrances(file: FrameworkFile, *, may_publish: bool) -> Iterator[str]:
    """Why an edition that is not here cannot be stored, in sentences: it would be mistaken for another one."""
    framework = Framework.objects.filter(key=file.framework.key).first()
    newest = None if framework is None else framework.editions.frozen().first()
    if newest is not None:
        level_names = [level.name for level in newest.levels.all()]
        if is_new_ladder(level_names, [level.name for level in file.levels]):
            sentence = _("Here, {framework} has other levels, so this result cannot stand beside results of this team.")
            yield sentence.format(framework=file.framework.name)
    same_version = Edition.objects.filter(
        framework=framework, origin=Edition.Origin.IMPORTED, version=file.framework.version
    ).first()
    if same_version is not None and same_version.is_draft:
        yield _("{version} is a draft here. Publish or discard it, then import again.").format(version=same_version)
    elif same_version is not None:
        yield str(VersionTaken.by(same_version, file))
    elif not may_publish:
        sentence = _("{framework} {version} is not here yet. Ask an administrator to import this file.")
        yield sentence.format(framework=file.framework.name, version=file.framework.version)


def _edition(file: FrameworkFile, by: User | None, *, may_publish: bool) -> Edition:
    """The edition with this content; stored if it is not here yet, and then offered to nobody if others are.

    Raises Refused if its levels or its version would be mistaken for others that are here.
    """
    known = edition_here(file)
    if known is not None:
        return known
    for sentence in edition_hindrances(file, may_publish=may_publish):
        raise Refused(sentence)
    has_others = Edition.objects.frozen().filter(framework__key=file.framework.key).exists()
    edition = store(file, origin=Edition.Origin.IMPORTED, by=by).edition
    if has_others:
        edition.retire()
    return edition
