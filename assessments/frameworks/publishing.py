"""From a draft to a published edition: what stands in the way, what it changes, and freezing it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from pydantic import ValidationError

from ..models import Criterion, Edition, EditRefused, Event, Framework, User
from ..models.edition_editing import Part
from ..models.frameworks import Contents
from .format.differences import CriterionDifference, EditionComparison, compare
from .format.document import Document, Place
from .format.files import problem_of
from .format.schema import FrameworkFile
from .part_names import PART_NAMES, field_name
from .rules_places import rules_address, rules_place_name
from .storing import data_of, file_of

#: Lists of a framework file whose rows have a page of their own in the editor.
LISTS = frozenset({"levels", "groups", "dimensions", "scales", "criteria", "symptoms"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One problem to fix before a draft can be published, and where; without an address only the file has it."""

    sentence: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether a draft can be published. `file` and `comparison` are None if it is not a whole framework."""

    contents: Contents
    file: FrameworkFile | None
    comparison: EditionComparison | None
    obstacles: list[Obstacle]

    @classmethod
    def of(cls, draft: Edition) -> "Readiness":
        contents = draft.contents
        data = data_of(contents)
        try:
            file = FrameworkFile.model_validate(data)
        except ValidationError as error:
            return cls(contents=contents, file=None, comparison=None, obstacles=_faults(contents, data, error))
        obstacles = list(_unreachable(contents))
        try:
            comparison = compare(file_of(draft.based_on), file) if draft.based_on else None
        except ValidationError:
            # Only an import follows a draft, and that one may have been edited since.
            comparison = None
            sentence = _("{version}, the version before, is an unfinished draft. Finish or discard it first.")
            before: Any = draft.based_on
            obstacles.append(Obstacle(sentence=sentence.format(version=before), address=before.get_editor_url()))
        if comparison and comparison.is_empty:
            obstacles.append(Obstacle(sentence=_("This draft changes nothing. There is nothing to publish.")))
        return cls(contents=contents, file=file, comparison=comparison, obstacles=obstacles)

    @property
    def is_ready(self) -> bool:
        return not self.obstacles

    @property
    def is_new_ladder(self) -> bool:
        """Whether history starts again here: by what was done to the levels, unless all of it was undone."""
        if self.comparison is None or not self.contents.edition.uses_levels:
            return False
        before = [level.name for level in self.comparison.before.levels]
        after = [level.name for level in self.comparison.after.levels]
        return before != after and (self.contents.edition.new_ladder or self.comparison.new_ladder)

    def is_editorial(self, change: CriterionDifference) -> bool:
        """Whether the author has marked everything that is changed here as editorial."""
        criterion = self.contents.criterion_by_key[change.key]
        return (criterion.editorial or not change.reworded) and (criterion.scale.editorial or not change.rescaled)

    def changes_meaning(self, change: CriterionDifference) -> bool:
        """Whether publishing counts this as a new meaning: yes unless its author says that it is editorial."""
        return change.meaning_raised or (change.may_change_meaning and not self.is_editorial(change))


def _faults(contents: Contents, data: dict, error: ValidationError) -> list[Obstacle]:
    document = Document("", data, {})
    addresses = {}
    for line in error.errors(include_url=False):
        problem = problem_of(document, line)
        loc: Place = tuple(step for step in line["loc"] if step != "[key]")
        part = _row_at(contents, loc)
        where = [_known_as(part, rules_place_name(data, loc) or problem.path)]
        if part is not None and len(loc) > 2:
            where.append(field_name(str(loc[-1])))
        fault = problem.message
        if problem.mend:
            fault = _("{problem}; {remedy}").format(problem=problem.message, remedy=problem.mend)
        # The same sentence about the same part once.
        addresses[": ".join([*where, fault])] = _address(contents.edition, part, data, loc)
    return [Obstacle(sentence=sentence, address=address) for sentence, address in addresses.items()]


def _address(draft: Edition, part: Part | None, data: dict, loc: Place) -> str:
    """The page on which a fault is mended; empty for what only the file has."""
    if part is not None:
        return draft.url_of(part)
    first = loc[0] if loc else ""
    if first in ("scoring", "adviser"):
        return f"{draft.get_rules_url()}{rules_address(data, loc)}"
    if first in ("dimensions", "criteria"):
        return draft.get_grid_url()
    if first in ("framework", "levels", "groups", "scales"):
        return draft.get_editor_url()
    return ""


def _row_at(contents: Contents, loc: Place) -> Part | None:
    if len(loc) > 1 and loc[0] in LISTS and isinstance(loc[1], int):
        return getattr(contents, str(loc[0]))[loc[1]]
    return None


def _known_as(part: Any, path: str) -> str:
    if part is None:
        return path or _("The framework")
    return _("{kind} “{name}”").format(kind=PART_NAMES[part.kind], name=part.label[:60])


def _unreachable(contents: Contents) -> Iterator[Obstacle]:
    """Levels that no team could reach, because no criterion belongs to them."""
    if not contents.edition.has_criteria_by_level:
        return
    asked = {criterion.level_id for criterion in contents.criteria}
    for level in contents.levels[1:]:
        if level.pk not in asked:
            sentence = _("No team can reach level {number}, {name}: it has no criteria.")
            sentence = sentence.format(number=level.number, name=level.name)
            yield Obstacle(sentence=sentence, address=contents.edition.url_of(level))


def publish(draft: Edition, *, by: User | None, seen: str = "") -> Edition:
    """Checks, counts changes of meaning, and freezes the draft.

    `seen` is the digest of what its author saw. Raises EditRefused with the first obstacle, and if the draft was
    changed since its author saw it.
    """
    with draft.as_draft(by) as locked:
        readiness = Readiness.of(locked)
        if seen and readiness.file is not None and readiness.file.digest != seen:
            sentence = _("The draft was changed since you opened this page. Check what it changes, then publish.")
            raise EditRefused(sentence)
        if not readiness.is_ready:
            raise EditRefused(readiness.obstacles[0].sentence)
        _raise_meanings(locked, readiness)
        if locked.new_ladder != readiness.is_new_ladder:
            Edition.objects.filter(pk=locked.pk).update(new_ladder=readiness.is_new_ladder)
            locked.new_ladder = readiness.is_new_ladder
        locked.publish(digest=FrameworkFile.model_validate(data_of(readiness.contents)).digest)
        Framework.objects.filter(pk=locked.framework_id).update(name=locked.name)
        Event.record("edition.published", by=by, edition=str(locked.pk), digest=locked.digest)
    return locked


def _raise_meanings(draft: Edition, readiness: Readiness) -> None:
    """Counts the meaning up where it changes, above every number that an edition of this framework has used."""
    if readiness.comparison is None:
        return
    keys = [
        change.key
        for change in readiness.comparison.changed
        if readiness.changes_meaning(change) and not change.meaning_raised
    ]
    rows = Criterion.objects.filter(edition__framework=draft.framework_id, key__in=keys).order_by()
    highest = dict(rows.values_list("key").annotate(Max("meaning")))
    changed = [readiness.contents.criterion_by_key[key] for key in keys]
    for criterion in changed:
        criterion.meaning = highest[criterion.key] + 1
    Criterion.objects.bulk_update(changed, ["meaning"])
