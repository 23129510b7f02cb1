"""Which files of a DSOMM folder hold activities, in which order they count, and what its settings say."""

from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext as _

from ..format.document import Document
from ..format.problems import FrameworkFileError, Problem
from .building import Reader, Report, Source

#: Fields of which an activity has at least one.
FIELDS_OF_ACTIVITIES = {"uuid", "level", "risk", "measure", "description", "ignore"}
#: Fields of the settings `meta.yaml`.
FIELDS_OF_SETTINGS = ("activityFiles", "strings")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A file of activities; `head` is its document with the version, which may be the same one."""

    name: str
    document: Document
    head: Document

    @property
    def holds_head(self) -> bool:
        return self.document is self.head

    @property
    def has_version(self) -> bool:
        head = self.head.value.get("meta") if isinstance(self.head.value, dict) else None
        return isinstance(head, dict) and bool(head.get("version"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """The files that count, the model first, then what is laid over it; and the settings, empty without a file."""

    models: list[ModelFile]
    settings: dict

    @classmethod
    def of(cls, sources: list[Source], report: Report) -> Self:
        """Reads every file. Those that are no part of the model are reported; raises FrameworkFileError."""
        read = [(source.name, source.documents()) for source in sources]
        if len(read) == 1:
            # It is meant to be a model, and whatever is wrong with it will be told.
            return cls(models=[_model(*read[0])], settings={})
        settings: Reader | None = None
        models: list[ModelFile] = []
        for name, documents in sorted(read, key=lambda file: file[0]):
            if settings is None and _is_settings(documents[0].value):
                settings = Reader(report, documents[0], (), documents[0].value)
            elif _has_activities(documents[-1].value):
                models.append(_model(name, documents))
            else:
                report.refused.say(_("YAML files that are no part of the model"), example=name)
        if not models:
            message = _("there are no files with activities here")
            raise FrameworkFileError(
                [Problem(file=read[0][0], line=None, path="", message=message, mend=_("add DSOMM’s model.yaml"))]
            )
        models.sort(key=lambda model: not model.has_version)
        if settings is not None:
            models = _listed(models, settings, report)
            settings.seen.update(("lang", *FIELDS_OF_SETTINGS))
            for field in settings.rest():
                report.refused.say(_("settings in `meta.yaml` that are no part of a framework"), example=field)
        return cls(models=models, settings=settings.value if settings else {})

    @property
    def head(self) -> Document:
        """The document that says which version it is; that of the first file if none does."""
        return next((model.head for model in self.models if model.has_version), self.models[0].head)

    def level_names(self) -> list[str]:
        """What the settings call the levels, from level 1 up; empty where they say nothing."""
        strings = self.settings.get("strings")
        if not isinstance(strings, dict) or not strings:
            return []
        texts = strings.get(self.settings.get("lang") or "en", next(iter(strings.values())))
        names = texts.get("maturityLevels") if isinstance(texts, dict) else None
        return [str(name).strip() for name in names] if isinstance(names, list) else []


def _model(name: str, documents: list[Document]) -> ModelFile:
    return ModelFile(name=name, document=documents[-1], head=documents[0])


def _is_settings(value: Any) -> bool:
    return isinstance(value, dict) and any(field in value for field in FIELDS_OF_SETTINGS)


def _has_activities(value: Any) -> bool:
    """Whether there is a mapping with fields of an activity two headings down, or something to ignore."""
    groups = [group for group in value.values() if isinstance(group, dict)] if isinstance(value, dict) else []
    dimensions = [dimension for group in groups for dimension in group.values() if isinstance(dimension, dict)]
    if any(part.get("ignore") is True for part in (*groups, *dimensions)):
        return True
    activities = [activity for dimension in dimensions for activity in dimension.values()]
    return any(isinstance(activity, dict) and FIELDS_OF_ACTIVITIES & activity.keys() for activity in activities)


def _listed(models: list[ModelFile], settings: Reader, report: Report) -> list[ModelFile]:
    """The files that the settings list, in their order; all of them where they list none."""
    paths = [path.removeprefix("./") for path in settings.lines("activityFiles")]
    chosen: list[ModelFile] = []
    for path in paths:
        model = next((model for model in models if f"/{model.name}".endswith(f"/{path}")), None)
        if model is None:
            report.refused.say(_("files that `activityFiles` lists and that are not here"), example=path)
        elif model not in chosen:
            chosen.append(model)
    if not chosen:
        return models
    for model in models:
        if model not in chosen:
            report.refused.say(_("files of activities that `activityFiles` does not list"), example=model.name)
    return chosen
