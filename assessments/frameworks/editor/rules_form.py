"""How a draft is scored, its symptoms and its adviser, edited as they stand in a framework file."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import TypeAdapter, ValidationError

from ...models import Edition
from ...web.revised_forms import RevisedForm
from ..format.document import Document, parse_document
from ..format.files import problem_of, yaml_text
from ..format.problems import FrameworkFileError, Problem, did_you_mean, shortened
from ..format.schema import Adviser, FrameworkFile, Scoring, SymptomEntry
from ..storing import data_of

#: What is edited here, in the order of the file.
PARTS = ("scoring", "symptoms", "adviser")
MAX_TEXT = 100_000
ADAPTERS: dict[str, TypeAdapter] = {
    "scoring": TypeAdapter(Scoring),
    "symptoms": TypeAdapter(tuple[SymptomEntry, ...]),
    "adviser": TypeAdapter(Adviser),
}


def rules_text(edition: Edition) -> str:
    """The parts as text, with fields in the order of the format; what is not there is left out."""
    data = data_of(edition.contents)
    return yaml_text({name: in_order(name, data[name]) for name in PARTS if data.get(name)})


def in_order(name: str, value: Any) -> Any:
    """The same part. A database gives the fields of JSON back in an order of its own."""
    adapter = ADAPTERS[name]
    return adapter.dump_python(adapter.validate_python(value), mode="json", by_alias=True, exclude_defaults=True)


def faults_of(name: str, value: Any) -> list[str]:
    """What a framework file could not say, in sentences: a letter that no font has, or more than there is room for."""
    try:
        ADAPTERS[name].validate_python(value)
    except ValidationError as error:
        document = Document("", {name: value}, {})
        lines = [{**line, "loc": (name, *line["loc"])} for line in error.errors(include_url=False)]
        return [_sentence(problem_of(document, line), with_place=False) for line in lines]
    return []


class RulesForm(RevisedForm):
    """`parts` holds plain values by the name of the part, once the form is valid."""

    text = forms.CharField(
        max_length=MAX_TEXT,
        strip=False,
        label=gettext_lazy("Scoring, symptoms and adviser"),
        help_text=gettext_lazy("As in a framework file. Each problem is told with its line."),
        widget=forms.Textarea(attrs={"rows": 28, "class": "code", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, edition: Edition, **kwargs: Any) -> None:
        self.edition = edition
        self.parts: dict[str, Any] = {}
        initial = {"text": rules_text(edition), "revision": edition.revision}
        super().__init__(*args, initial=initial, **kwargs)

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        try:
            document = parse_document(text, name="")
            problems = list(self._problems(document))
        except FrameworkFileError as error:
            problems = error.problems
        if problems:
            raise forms.ValidationError([_sentence(problem) for problem in problems])
        value = document.value
        self.parts |= {name: in_order(name, value[name]) for name in PARTS if value.get(name)}
        return text

    def _problems(self, document: Document) -> Iterator[Problem]:
        value = document.value
        if not isinstance(value, dict):
            yield document.problem((), _("this has no fields"), _("write “scoring:” and what belongs to it below"))
            return
        for name in value:
            if name not in PARTS:
                message = _("there is no field '{name}' here").format(name=shortened(name))
                yield document.problem((name,), message, did_you_mean(name, PARTS))
        whole = data_of(self.edition.contents)
        for name in PARTS:
            whole.pop(name, None)
        # A draft may be unfinished elsewhere; that is told when it is published.
        try:
            FrameworkFile.model_validate({"scoring": None, **whole, **value})
        except ValidationError as error:
            for line in error.errors(include_url=False):
                if line["loc"] and line["loc"][0] in PARTS:
                    yield problem_of(document, line)

    def values_of(self, row: Edition) -> dict[str, Any]:
        return {"text": rules_text(row)}


def _sentence(problem: Problem, *, with_place: bool = True) -> str:
    sentence = problem.message
    if problem.mend:
        sentence = _("{problem}; {remedy}").format(problem=problem.message, remedy=problem.mend)
    if not with_place:
        return sentence
    place = _("Line {line}").format(line=problem.line)
    return ": ".join(part for part in (place, problem.path, sentence) if part)
