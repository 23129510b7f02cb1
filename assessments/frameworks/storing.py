"""Between framework files and rows: storing a file as an edition, and an edition back as the data of a file."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..models import Choice, Criterion, Dimension, Edition, Event, Framework, Group, Level, Scale, Symptom, User
from ..models.frameworks import Contents
from ..models.writing import writing
from .format.differences import is_new_ladder
from .format.files import read
from .format.schema import PUBLISHED, FrameworkFile

BUILT_IN = Path(__file__).parent / "builtin"

#: Parts of a file that are kept as they are, because no row of their own is needed for them.
BLOCKS = ("metrics", "checks", "adviser", "traceability", "source_differences", "sources")
HEAD_FIELDS = ("name", "version", "language", "unit_of_assessment", "purpose", "method", "representation")
CHOICE_FIELDS = ("code", "value", "name", "anchor")
LEVEL_FIELDS = ("name", "also_called", "summary", "description", "highlights", "technology", "fits")
CRITERION_FIELDS = ("meaning", "quick", "name", "weight", "statement", "evidence", "next", "na", "source", "refs")
SYMPTOM_FIELDS = ("level", "statement", "cleared_by", "refs")


class VersionTaken(Exception):
    """An edition with this version and origin exists already, with other content."""

    @classmethod
    def by(cls, stored: Edition, file: FrameworkFile) -> "VersionTaken":
        sentence = _(
            "{version} is stored already with other content (digest {stored}…, this file has {given}…). "
            "Give the changed framework another version."
        )
        return cls(sentence.format(version=stored, stored=digest_of(stored)[:19], given=file.digest[:19]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    edition: Edition
    is_new: bool


def digest_of(edition: Edition) -> str:
    """The digest of an edition's content; that of a draft is calculated again each time."""
    return edition.digest or file_of(edition).digest


def _present(data: dict, names: Iterable[str]) -> dict:
    return {name: data[name] for name in names if name in data}


@transaction.atomic
def store(
    file: FrameworkFile, *, origin: str, publish: bool = True, based_on: Edition | None = None, by: User | None = None
) -> Stored:
    """Stores a framework file as an edition; storing the same content again changes nothing.

    Raises VersionTaken if this version of this origin exists with another digest.
    """
    data = json.loads(file.canonical())
    head = data["framework"]
    Framework.objects.get_or_create(key=head["key"], defaults={"name": head["name"]})
    framework = Framework.objects.select_for_update().get(key=head["key"])
    existing = framework.editions.filter(origin=origin, version=head["version"]).first()
    if existing:
        if digest_of(existing) == file.digest:
            return Stored(edition=existing, is_new=False)
        raise VersionTaken.by(existing, file)
    new_ladder = False
    if based_on is not None:
        level_names = [level["name"] for level in data.get("levels", [])]
        new_ladder = is_new_ladder(_names_of_levels(based_on), level_names)
    edition = Edition.objects.create(
        framework=framework,
        origin=origin,
        based_on=based_on,
        new_ladder=new_ladder,
        scoring=data["scoring"],
        blocks=_present(data, BLOCKS),
        **_present(head, HEAD_FIELDS),
    )
    _store_contents(edition, data)
    if publish:
        edition.publish(digest=file.digest)
    Event.record("edition.stored", by=by, edition=str(edition.pk), origin=origin)
    return Stored(edition=edition, is_new=True)


@transaction.atomic
def begin(data: dict[str, Any], *, by: User) -> Edition:
    """Stores the data of a file as the draft of a new framework; it need not be whole yet.

    Raises IntegrityError if there is a framework with its key.
    """
    with writing(by):
        head = data["framework"]
        framework = Framework.objects.create(key=head["key"], name=head["name"])
        draft = Edition.objects.create(
            framework=framework,
            origin=Edition.Origin.OWN,
            scoring=data["scoring"],
            blocks=_present(data, BLOCKS),
            **_present(head, HEAD_FIELDS),
        )
        _store_contents(draft, data)
        Event.record("draft.begun", by=by, edition=str(draft.pk))
    return draft


def _names_of_levels(edition: Edition) -> list[str]:
    return [level.name for level in edition.levels.all()]


def _store_contents(edition: Edition, data: dict) -> None:
    levels = _levels(edition, data.get("levels", []))
    groups = _keyed(Group, edition, data.get("groups", []), ("name", "about"))
    dimensions = _dimensions(edition, data["dimensions"], groups)
    scales = _scales(edition, data["scales"])
    default_scale = next(iter(scales.values()))
    Criterion.objects.bulk_create(
        Criterion(
            edition=edition,
            order=order,
            key=row["key"],
            dimension=dimensions[row["dimension"]],
            level=levels.get(row.get("level")),
            scale=scales.get(row.get("scale"), default_scale),
            **_present(row, CRITERION_FIELDS),
        )
        for order, row in enumerate(data["criteria"])
    )
    _keyed(Symptom, edition, data.get("symptoms", []), SYMPTOM_FIELDS)


def _keyed(kind: Any, edition: Edition, rows: Iterable[Any], fields: Iterable[str]) -> dict:
    made = [
        kind(edition=edition, order=order, key=row["key"], **_present(row, fields)) for order, row in enumerate(rows)
    ]
    kind.objects.bulk_create(made)
    return {row.key: row for row in made}


def _levels(edition: Edition, rows: Iterable[Any]) -> dict[int, Level]:
    made = [
        Level(
            edition=edition,
            number=row["level"],
            alias=str(row.get("alias", "")),
            start=row.get("from", ""),
            **_present(row, LEVEL_FIELDS),
        )
        for row in rows
    ]
    Level.objects.bulk_create(made)
    return {level.number: level for level in made}


def _dimensions(edition: Edition, rows: Iterable[Any], groups: Mapping[str, Any]) -> dict[str, Dimension]:
    made = [
        Dimension(
            edition=edition,
            order=order,
            key=row["key"],
            group=groups.get(row.get("group")),
            **_present(row, ("name", "about", "weight")),
        )
        for order, row in enumerate(rows)
    ]
    Dimension.objects.bulk_create(made)
    return {dimension.key: dimension for dimension in made}


def _scales(edition: Edition, rows: Iterable[Any]) -> dict[str, Scale]:
    made = _keyed(Scale, edition, rows, ("other_answers",))
    Choice.objects.bulk_create(
        Choice(scale=made[row["key"]], **_present(value, CHOICE_FIELDS)) for row in rows for value in row["values"]
    )
    return made


# ---------------------------------------------------------------------- and back


def _kept(row: Any, fields: Iterable[str]) -> dict:
    """Fields of a row that are not empty, which is how a file leaves them out."""
    return {name: value for name in fields if (value := getattr(row, name)) not in ("", [], None)}


def file_of(edition: Edition) -> FrameworkFile:
    """The framework file that an edition stands for; its digest is that of the file it was stored from.

    Raises pydantic's ValidationError for a draft that is not a whole framework yet.
    """
    return FrameworkFile.model_validate(data_of(edition.source), context=None if edition.is_draft else PUBLISHED)


def data_of(contents: Contents) -> dict:
    """The same as plain values, also for a draft that is not a whole framework yet."""
    edition = contents.edition
    several_scales = len(contents.scales) > 1
    return {
        "format": 1,
        "framework": {"key": edition.framework.key, **_kept(edition, HEAD_FIELDS)},
        "scales": [_scale_data(scale) for scale in contents.scales],
        "scoring": edition.scoring,
        "levels": [_level_data(level) for level in contents.levels],
        "groups": [_kept(group, ("key", "name", "about")) for group in contents.groups],
        "dimensions": [_dimension_data(dimension) for dimension in contents.dimensions],
        "criteria": [_criterion_data(criterion, several_scales) for criterion in contents.criteria],
        "symptoms": [_kept(symptom, ("key", *SYMPTOM_FIELDS)) for symptom in contents.symptoms],
        **edition.blocks,
    }


def _scale_data(scale: Scale) -> dict:
    values = [_kept(choice, CHOICE_FIELDS) for choice in scale.choices.all()]
    return {"key": scale.key, "values": values, **_kept(scale, ("other_answers",))}


def _level_data(level: Level) -> dict:
    data: dict = {"level": level.number}
    if level.start:
        data["from"] = level.start
    if level.alias:
        data["alias"] = int(level.alias) if level.alias.isdecimal() else level.alias
    return data | _kept(level, LEVEL_FIELDS)


def _dimension_data(dimension: Dimension) -> dict:
    data = _kept(dimension, ("key", "name", "about", "weight"))
    if dimension.group:
        data["group"] = dimension.group.key
    return data


def _criterion_data(criterion: Criterion, several_scales: bool) -> dict:
    data = {"key": criterion.key, "dimension": criterion.dimension.key, **_kept(criterion, CRITERION_FIELDS)}
    if criterion.level:
        data["level"] = criterion.level.number
    if several_scales:
        data["scale"] = criterion.scale.key
    if not criterion.quick:
        data.pop("quick")
    return data


def load_built_in() -> list[Stored]:
    """Stores every framework that comes with the product; what is there already stays as it is."""
    # All are read before the first is stored: an error in one changes nothing.
    documents = [read(path) for path in sorted(BUILT_IN.glob("*.yaml"))]
    return [store(document, origin=Edition.Origin.BUILT_IN) for document in documents]
