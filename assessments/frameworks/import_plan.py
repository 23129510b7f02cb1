"""Importing a framework file: first a plan of what would happen, then carrying out that plan."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import ValidationError

from ..models import Edition, EditRefused, Framework, Translation, User
from ..models.framework_texts import Place, fingerprint, source_texts
from ..models.reading import normal
from ..models.translations import Translated
from ..models.writing import writing
from .format.differences import KINDS, EditionComparison, compare
from .format.schema import FrameworkFile
from .importers import Adapted
from .publishing import publish as publish_draft
from .storing import Stored, VersionTaken, digest_of, file_of, store


class PartialImport(EditRefused):
    """The file does not include everything that can be rated, and nobody has confirmed that the rest may be missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What importing a file would do. `previous` is the edition it follows, `existing` the same one, already there.

    `offered` is how many `things` to rate the source has; as many as came over are criteria of the file. `groups` could
    be levels, and `group_levels` are.
    """

    file: FrameworkFile
    offered: int
    things: str
    adapted: tuple[str, ...]
    refused: tuple[str, ...]
    previous: Edition | None
    comparison: EditionComparison | None
    existing: Edition | None
    groups: tuple[str, ...] = ()
    group_levels: tuple[str, ...] = ()
    translations: Mapping[str, Mapping[Place, str]] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        return self.existing is not None

    @property
    def is_new_framework(self) -> bool:
        return self.previous is None and self.existing is None

    @property
    def came_over(self) -> int:
        return len(self.file.criteria)

    @property
    def is_partial(self) -> bool:
        return self.came_over < self.offered

    @property
    def summary(self) -> str:
        """How much of the source is included."""
        offered = self.offered
        # In the words of the source; the number is how many it has.
        sentences = {
            "criteria": ngettext(
                "{included} of {offered} criterion included.", "{included} of {offered} criteria included.", offered
            ),
            "activities": ngettext(
                "{included} of {offered} activity included.", "{included} of {offered} activities included.", offered
            ),
            "questions": ngettext(
                "{included} of {offered} question included.", "{included} of {offered} questions included.", offered
            ),
            "requirements and questions": ngettext(
                "{included} of {offered} requirement or question included.",
                "{included} of {offered} requirements and questions included.",
                offered,
            ),
        }
        return sentences[self.things].format(
            included=number_format(self.came_over, force_grouping=True),
            offered=number_format(offered, force_grouping=True),
        )

    def carry_out(self, *, by: User | None, publish: bool = False, partial: bool = False) -> Stored:
        """Stores the file as a draft edition, or publishes it right away. One transaction; nothing half done.

        `partial` confirms that some of what can be rated did not come over; raises PartialImport without it.

        Publishing is as strict as in the editor: raises EditRefused with what stands in the way, and counts every
        change of text as a change of meaning, because nobody has said that it is editorial.
        """
        if self.existing and self.existing.origin != Edition.Origin.IMPORTED:
            return Stored(edition=self.existing, is_new=False)
        if self.is_partial and not self.is_known and not partial:
            raise PartialImport(_("{summary} Nothing was saved.").format(summary=self.summary))
        with writing(by):
            stored = store(self.file, origin=Edition.Origin.IMPORTED, publish=False, based_on=self.previous, by=by)
            if stored.is_new:
                self._translate(stored.edition, by=by)
            if publish and stored.edition.is_draft:
                return Stored(edition=publish_draft(stored.edition, by=by), is_new=stored.is_new)
            return stored

    def _translate(self, edition: Edition, *, by: User | None) -> None:
        """Stores what the source says in other languages, to be checked."""
        sources = source_texts(edition.source) if self.translations else {}
        for language, texts in self.translations.items():
            made = {
                place: Translated(fingerprint(sources[place]), text)
                for place, text in texts.items()
                if place in sources
            }
            Translation.objects.begin(edition, normal(language), by=by).bring(made, by=by)

    def counts(self) -> dict[str, Any]:
        file = self.file
        per_level = Counter(criterion.level for criterion in file.criteria if criterion.level is not None)
        return {
            "levels": len(file.levels),
            "groups": len(file.groups),
            "dimensions": len(file.dimensions),
            "criteria": len(file.criteria),
            "criteria_per_level": {str(level.level): per_level[level.level] for level in file.levels if level.level},
            "scales": len(file.scales),
        }

    def count_texts(self) -> list[str]:
        """The same counts in words, with criteria by level; without levels and groups if there are none."""
        counts = self.counts()
        levels = counts["levels"]
        groups = counts["groups"]
        dimensions = counts["dimensions"]
        criteria = counts["criteria"]
        scales = counts["scales"]
        texts = []
        if levels:
            texts.append(ngettext("{count} level", "{count} levels", levels).format(count=levels))
        if groups:
            texts.append(ngettext("{count} group", "{count} groups", groups).format(count=groups))
        texts.append(ngettext("{count} dimension", "{count} dimensions", dimensions).format(count=dimensions))
        texts.append(ngettext("{count} criterion", "{count} criteria", criteria).format(count=criteria))
        for level, count in counts["criteria_per_level"].items():
            text = ngettext("{count} criterion at level {level}", "{count} criteria at level {level}", count)
            texts.append(text.format(count=count, level=level))
        texts.append(ngettext("{count} scale", "{count} scales", scales).format(count=scales))
        return texts

    @property
    def levels_in_words(self) -> str:
        """The groups that are levels, as a person would choose them."""
        return ", ".join(self.group_levels) or "none"

    def levels_by_name(self) -> list[tuple[str, int]]:
        """Each level with how many criteria are at it; 0 for all of them where criteria have no level."""
        numbers = Counter(criterion.level for criterion in self.file.criteria)
        return [(level.name, numbers[level.level]) for level in self.file.levels]

    def dimensions_by_name(self) -> list[tuple[str, str, int]]:
        """The name of its group, or nothing, the name and the number of criteria of each dimension."""
        numbers = Counter(criterion.dimension for criterion in self.file.criteria)
        groups = {group.key: group.name for group in self.file.groups}
        return [(groups.get(d.group or "", ""), d.name, numbers[d.key]) for d in self.file.dimensions]

    def report(self) -> dict[str, Any]:
        """Everything as plain values: what the file is, what would be made, what was adapted, refused and changed."""
        head = self.file.framework
        return {
            "came_over": self.came_over,
            "offered": self.offered,
            "framework": head.key,
            "name": head.name,
            "version": head.version,
            "digest": self.file.digest,
            "previous": self.previous and self.previous.version,
            "known": self.is_known,
            **self.counts(),
            "adapted": list(self.adapted),
            "refused": list(self.refused),
            "changes": self.comparison.keys() if self.comparison else {kind: [] for kind in KINDS},
        }


def plan(given: FrameworkFile | Adapted) -> Plan:
    """What importing would do; nothing is written.

    Criteria of a foreign file are matched with the previous edition by the source's own ids, so that a renamed practice
    keeps its key. Raises VersionTaken if the version is there with other content, and EditRefused if the edition before
    is a draft that cannot be compared with.
    """
    if isinstance(given, Adapted):
        adapted = given
    else:
        adapted = Adapted(file=given, offered=len(given.criteria), things="criteria")
    file = adapted.file
    framework = Framework.objects.filter(key=file.framework.key).first()
    previous = framework and _previous(framework, file.framework.version)
    before = _whole(previous) if previous else None
    existing = (
        framework and framework.editions.filter(origin=Edition.Origin.IMPORTED, version=file.framework.version).first()
    )
    if isinstance(given, Adapted):
        # The source itself counts no meanings.
        file = matched(file, before) if before else file
        file = with_meanings(file, _whole(existing) if existing else before)
    if existing and digest_of(existing) != file.digest:
        if existing.is_draft:
            sentence = _("{version} exists already with other content. Discard that draft, or use another version.")
        else:
            sentence = _("{version} is published already with other content. Use another version.")
        raise VersionTaken(sentence.format(version=existing))
    if framework and not existing:
        # An own or built-in edition that was exported, and not changed since.
        existing = framework.editions.filter(digest=file.digest).first()
    return Plan(
        file=file,
        offered=adapted.offered,
        things=adapted.things,
        adapted=adapted.adapted,
        refused=adapted.refused,
        previous=previous or None,
        comparison=compare(before, file) if before else None,
        existing=existing or None,
        groups=adapted.groups,
        group_levels=adapted.levels,
        translations={
            language: _with_keys_of(texts, adapted.file, file) for language, texts in adapted.translations.items()
        },
    )


def _with_keys_of(texts: Mapping[Place, str], before: FrameworkFile, file: FrameworkFile) -> dict[Place, str]:
    """Translated texts of criteria that got the keys of an earlier version."""
    keys = {old.key: new.key for old, new in zip(before.criteria, file.criteria, strict=True)}
    return {
        (place[0], keys[place[1]], *place[2:]) if place[0] == "criteria" else place: text
        for place, text in texts.items()
    }


def _whole(edition: Edition) -> FrameworkFile:
    try:
        return file_of(edition)
    except ValidationError:
        sentence = _("The draft {version} is not complete yet. Finish or discard it, then import again.")
        raise EditRefused(sentence.format(version=edition)) from None


def _previous(framework: Framework, version: str) -> Edition | None:
    """What an imported edition follows: the newest published one, imported first, else the newest imported draft."""
    others = framework.editions.exclude(version=version, origin=Edition.Origin.IMPORTED)
    imported = others.filter(origin=Edition.Origin.IMPORTED)
    published = imported.published().first() or others.published().first()
    return published or max(imported.drafts(), key=lambda edition: version_order(edition.version), default=None)


def version_order(version: str) -> list:
    """A key that sorts 1.10 after 1.9."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.findall(r"\d+|[^\d.]+", version)]


def matched(file: FrameworkFile, before: FrameworkFile) -> FrameworkFile:
    """The same file with the keys that the edition before gave to the same ids of the source.

    A criterion that is new never takes a key that another one had.
    """
    by_source = {criterion.source: criterion.key for criterion in before.criteria if criterion.source}
    without_source = {criterion.key for criterion in before.criteria if not criterion.source}
    reserved = {criterion.key for criterion in before.criteria} - without_source
    data = file.plain()
    taken = {by_source[row["source"]] for row in data["criteria"] if row.get("source") in by_source}
    for row in data["criteria"]:
        # An id that comes twice in the source stands for the first of the two.
        if known := by_source.pop(row.get("source"), None):
            row["key"] = known
            continue
        base = row["key"]
        n = 1
        while row["key"] in taken or row["key"] in reserved:
            n += 1
            row["key"] = f"{base}-{n}"
        taken.add(row["key"])
    return FrameworkFile.model_validate(data)


def with_meanings(file: FrameworkFile, known: FrameworkFile | None) -> FrameworkFile:
    """The same file with the meaning that each criterion has in a known edition."""
    meanings = {criterion.key: criterion.meaning for criterion in known.criteria} if known else {}
    data = file.plain()
    for row in data["criteria"]:
        if row["key"] in meanings:
            row["meaning"] = meanings[row["key"]]
    return FrameworkFile.model_validate(data)
