"""From a draft to a published edition: what stands in the way, what it changes, and freezing it."""

from dataclasses import dataclass

from django.db.models import Max
from pydantic import ValidationError

from ..models import Criterion, Edition, EditRefused, Event, Framework
from ..models.frameworks import Contents
from .format.differences import Comparison, CriterionChange, compare
from .format.document import Document, Place
from .format.files import problem_of
from .format.schema import FrameworkFile
from .storing import data_of, file_of

#: Lists of a framework file whose rows have a page of their own in the editor.
ROWS = {"levels": "levels", "groups": "groups", "dimensions": "dimensions", "scales": "scales", "criteria": "criteria"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One thing to mend before a draft can be published, and the row it is about, if it is about one."""

    sentence: str
    part: object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether a draft can be published. `file` and `comparison` are there as far as it is a whole framework."""

    contents: Contents
    file: FrameworkFile | None
    comparison: Comparison | None
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
            sentence = f"{draft.based_on}, which this one follows, is an unfinished draft. Finish or discard it first."
            obstacles.append(Obstacle(sentence=sentence))
        if comparison and comparison.is_empty:
            obstacles.append(Obstacle(sentence="Nothing is changed in this draft; there is nothing to publish."))
        return cls(contents=contents, file=file, comparison=comparison, obstacles=obstacles)

    @property
    def is_ready(self) -> bool:
        return not self.obstacles

    @property
    def is_new_ladder(self) -> bool:
        """Whether history breaks here: by what was done to the levels, unless all of it was undone."""
        if self.comparison is None or not self.contents.edition.uses_levels:
            return False
        before, after = (
            [level.name for level in file.levels] for file in (self.comparison.before, self.comparison.after)
        )
        return before != after and (self.contents.edition.new_ladder or self.comparison.new_ladder)

    def is_editorial(self, change: CriterionChange) -> bool:
        """Whether the author has said of everything that is changed here that it means the same."""
        criterion = self.contents.criterion_by_key[change.key]
        return (criterion.editorial or not change.reworded) and (criterion.scale.editorial or not change.rescaled)

    def changes_meaning(self, change: CriterionChange) -> bool:
        """Whether publishing will count this as another meaning: unsaid means yes."""
        return change.meaning_raised or (change.may_change_meaning and not self.is_editorial(change))


def _faults(contents: Contents, data: dict, error: ValidationError) -> list[Obstacle]:
    document = Document("", data, {})
    found = {}
    for line in error.errors(include_url=False):
        problem = problem_of(document, line)
        place: Place = tuple(step for step in line["loc"] if step != "[key]")
        part = _row_at(contents, place)
        field = str(place[-1]).replace("_", " ") if part is not None and len(place) > 2 else ""
        sentence = f"{_known_as(part, problem.path)}: {f'{field}: ' if field else ''}{problem.message}"
        found[f"{sentence}; {problem.mend}" if problem.mend else sentence] = part
    return [Obstacle(sentence=sentence, part=part) for sentence, part in found.items()]


def _row_at(contents: Contents, place: Place):
    if len(place) > 1 and place[0] in ROWS and isinstance(place[1], int):
        return getattr(contents, str(place[0]))[place[1]]
    return None


def _known_as(part, path: str) -> str:
    if part is None:
        return path or "The framework"
    name = getattr(part, "statement", "") or getattr(part, "name", "") or part.key
    return f"{part.kind.capitalize()} “{name[:60]}”" if name else f"{part.kind.capitalize()} {part.key}"


def _unreachable(contents: Contents):
    """Levels that nobody could reach, because no criterion belongs to them."""
    if not contents.edition.uses_levels:
        return
    asked = {criterion.level_id for criterion in contents.criteria}
    for level in contents.levels[1:]:
        if level.pk not in asked:
            sentence = f"Nobody can reach level {level.number}, {level.name}: no criterion belongs to it."
            yield Obstacle(sentence=sentence, part=level)


def publish(draft: Edition, *, by, seen: str = "") -> Edition:
    """Checks, counts changes of meaning, and freezes the draft.

    `seen` is the digest of what its author has looked at. Raises EditRefused with the first obstacle, and where the
    draft was changed since it was looked at.
    """
    with draft.as_draft(by) as locked:
        readiness = Readiness.of(locked)
        if seen and readiness.file is not None and readiness.file.digest != seen:
            raise EditRefused(
                "The draft was changed since you opened this page. Look at what it changes, then publish."
            )
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


def _raise_meanings(draft: Edition, readiness: Readiness):
    """Where the meaning changes, the counter goes above every one that an edition of this framework has used."""
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
