"""What is in a sealed file, and what importing it would do, in words for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import scoring
from ..models import Assessment, Edition, Provenance, Questionnaire, Team
from .checking import MOST_DIFFERENCES, Opened, in_one_line
from .importing import edition_here, edition_hindrances, foreign_result


@dataclass(frozen=True, kw_only=True)
class SealedPreview:
    """A sealed file before it comes into the history of a team.

    `installations` are the keys that are known here, each with the address of its installation.
    """

    file: Opened
    team: Team
    installations: Mapping[str, str]
    may_publish: bool

    @property
    def installation(self) -> str:
        """Where the file says that it comes from."""
        return self.file.payload.installation

    @property
    def framework(self) -> str:
        head = self.file.framework.framework
        return f"{head.name} {head.version}"

    @property
    def is_short(self) -> bool:
        return self.file.payload.assessment.questionnaire == Questionnaire.SHORT

    @property
    def is_known_key(self) -> bool:
        return self.file.key in self.installations

    @cached_property
    def date(self) -> object:
        return foreign_result(self.file).date

    @property
    def level(self) -> str:
        """The level or band as calculated here, with its name; a dash for none."""
        reached = self.file.score.whole.outcomes[self.file.payload.assessment.rule].level
        if reached is None:
            return scoring.DASH
        framework = self.file.framework
        if framework.levels:
            return _("{number} {name}").format(number=reached, name=framework.levels[reached].name)
        return framework.scoring.bands[reached].name

    @property
    def index(self) -> str:
        """The index or smallest section score as calculated here."""
        return scoring.IndexScale.of(self.file.instrument).text(self.file.score.whole.index)

    @property
    def differences(self) -> list[str]:
        """The first figures that do not follow from the ratings."""
        return [in_one_line(line) for line in self.file.differences[:MOST_DIFFERENCES]]

    @property
    def withheld(self) -> list[str]:
        """What is not in the file, in sentences."""
        about = self.file.payload.assessment
        sentences = [_("Names of people, comments and evidence are never in a sealed file.")]
        if about.team is None:
            sentences.append(_("The name of the team is left out."))
        if not self.file.payload.votes:
            sentences.append(_("Votes are left out, and with them every figure about agreement."))
        if about.anonymous and self.file.score.whole.unanswered:
            sentence = ngettext(
                "The answers were anonymous: {number} criterion has fewer than four votes and counts as unanswered.",
                "The answers were anonymous: {number} criteria have fewer than four votes and count as unanswered.",
                self.file.score.whole.unanswered,
            )
            sentences.append(sentence.format(number=self.file.score.whole.unanswered))
        return sentences

    @cached_property
    def edition(self) -> Edition | None:
        """The version of the framework, if it is here."""
        return edition_here(self.file.framework)

    @cached_property
    def known(self) -> Provenance | None:
        """Where this very file came in before."""
        return Provenance.objects.holding(foreign_result(self.file), team=self.team)

    @property
    def _is_of_another_team(self) -> bool:
        """Whether the assessment is here, with another team: nobody may adorn one team with the result of another."""
        return Assessment.objects.filter(pk=self.file.payload.assessment.id).exclude(team=self.team).exists()

    @cached_property
    def hindrances(self) -> list[str]:
        """Everything that stands in the way, in sentences; nothing if the file is here already."""
        if self.known:
            return []
        sentences = []
        named = self.installations.get(self.file.key)
        if named is not None and named != self.installation:
            sentence = _("The key is that of {known}, but the file says that it comes from {said}.")
            sentences.append(sentence.format(known=named, said=self.installation))
        if named is None and not self.may_publish:
            sentences.append(
                _("The key is not known here, so anyone may have made this file. Ask an administrator to import it.")
            )
        if named == settings.SITE_URL and self._is_of_another_team:
            sentences.append(
                _("This result was made here, by another team. It cannot become part of the history of this one.")
            )
        if self.file.differences:
            sentences.append(_("The figures in this file do not follow from its ratings."))
        sentences += Provenance.objects.hindrances(foreign_result(self.file), team=self.team)
        if self.edition is None:
            sentences += edition_hindrances(self.file.framework, may_publish=self.may_publish)
        return sentences
