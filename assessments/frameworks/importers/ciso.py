"""CISO Assistant: a library with one framework of requirement nodes.

Nodes of the first depth become dimensions; where the tree is deeper they become groups, and those of the second depth
dimensions. Assessable nodes become criteria, or each of their questions that has an order. Scores that the library
describes make a rubric with its own numbers; implementation groups are levels where their names say an order, or
where somebody chooses so.
"""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..format.document import Document, Place
from ..format.problems import ADD_THE_VERSION, FrameworkFileError, listed, shortened
from .building import (
    RULES,
    Adapted,
    Keys,
    Options,
    Reader,
    Report,
    Source,
    TextPlace,
    built,
    bullets,
    kept_whole,
    paragraphs,
    short,
    slug,
    titled,
    without_empty,
)
from .ciso_answers import Answers
from .ciso_groups import ImplementationGroups
from .ciso_translations import languages_in, localized, translated_texts
from .ciso_tree import RequirementTree, heading_of

LINKS = {
    "threats": gettext_lazy("links to threats"),
    "reference_controls": gettext_lazy("links to reference controls"),
    "importance": gettext_lazy("importance of requirements"),
    "visibility_expression": gettext_lazy("conditions under which a requirement is shown"),
}
#: Those of which a requirement can have several.
COUNTED = ("threats", "reference_controls", "translations")
#: The highest weight of a requirement that a criterion can have.
MOST_WEIGHT = 1_000


def adapt(sources: list[Source], options: Options) -> Adapted:
    document = sources[0].documents()[0]
    made = _CisoAdapter(document, options).adapted()
    own = made.file.framework.language.lower()
    return _with_translations(made, document, [name for name in languages_in(document.value) if name.lower() != own])


def _with_translations(made: Adapted, document: Document, languages: list[str]) -> Adapted:
    """The same with what the library says in other languages; a language that does not fit is told."""
    options = Options(version=made.file.framework.version, levels=made.levels)
    translations: dict[str, dict[TextPlace, str]] = {}
    unfit: list[str] = []
    for name in languages:
        try:
            other = _CisoAdapter(localized(document, name), options).adapted()
        except FrameworkFileError:
            texts = None
        else:
            texts = translated_texts(made.file, other.file)
        if texts:
            translations[name] = texts
        elif texts is None:
            unfit.append(name)
    adapted, refused = made.adapted, made.refused
    if translations:
        sentence = _("Translations came over, to be checked: {languages}")
        adapted = (*adapted, sentence.format(languages=", ".join(translations)))
    if unfit:
        sentence = _("Translations that do not fit the library: {languages}")
        refused = (*refused, sentence.format(languages=", ".join(unfit)))
    return replace(made, translations=translations, adapted=adapted, refused=refused)


class _CisoAdapter:
    def __init__(self, document: Document, options: Options) -> None:
        self.report = Report()
        self.document = document
        self.options = options
        self.keys = Keys()
        self.answers = Answers(self.report, document)
        self.origins: dict[Place, tuple[Document, Place]] = {}
        self.criteria: list[dict] = []

    def adapted(self) -> Adapted:
        library = Reader(self.report, self.document, (), self.document.value)
        framework = self.framework(library)
        self.implementation_groups = ImplementationGroups(framework, self.report)
        self.implementation_groups.choose(self.options.levels, framework)
        self.answers.read_described_scores(framework)
        requirement = self.answers.to_requirements(framework)
        self.tree = RequirementTree(framework, self.report)
        for reader in self.tree.nodes:
            self.node(reader, requirement)
        version = self.version(library)
        # The rest relies on names and numbers being there.
        self.report.stop_if_broken()
        self.answers.keep({criterion["scale"] for criterion in self.criteria})
        method, scoring, levels = self.scored()
        self.say_what_was_made(method)
        self.left_out(library, framework)
        if not self.criteria:
            why = ""
            if self.report.refused.times:
                why = _("it holds {things}").format(things="; ".join(self.report.refused.listed()[:3]))
            framework.problem(("requirement_nodes",), _("nothing in this library can be rated"), why)
        data = {
            "format": 1,
            "framework": without_empty(
                {
                    "key": slug(framework.text("ref_id") or framework.text("name"))[:80].strip("-") or "library",
                    "name": short(framework.text("name", needed=True)),
                    "version": version,
                    "language": library.text("locale")[:20] or "en",
                    "purpose": kept_whole(framework.text("name"), framework.text("description")),
                    "method": method,
                    "representation": ["staged", "continuous"],
                }
            ),
            "scales": list(self.answers.scales.values()),
            "scoring": scoring,
            "levels": levels,
            "groups": list(self.tree.groups.values()),
            "dimensions": list(self.tree.dimensions.values()),
            "criteria": self.criteria,
            "sources": [self.source(library)],
        }
        self.origins |= self.tree.origins
        self.origins |= {("scales", i): (self.document, place) for i, place in enumerate(self.answers.places())}
        made = built(data, self.origins, self.document, self.report, things="requirements and questions")
        groups = self.implementation_groups
        return replace(made, groups=tuple(groups.all), levels=tuple(group.key for group in groups.levels))

    def scored(self) -> tuple[str, dict[str, Any], list[dict]]:
        """Method, scoring and levels: a rubric where scores are described and groups are no levels."""
        if not self.implementation_groups.levels and self.answers.are_rubric():
            for criterion in self.criteria:
                del criterion["level"]
            return "rubric", {"result": "mean"}, self.described_levels()
        weighted = [criterion for criterion in self.criteria if "weight" in criterion]
        for criterion in weighted:
            del criterion["weight"]
        sentence = _("weights of requirements, because only frameworks with described scores have them")
        self.report.refused.say(sentence, times=len(weighted))
        self.answers.begin_at_zero()
        levels = [{"level": 0, "name": "Not started"}, {"level": 1, "name": "In place"}]
        if self.implementation_groups.levels:
            levels[1:] = self.levels_of_groups()
        return "levels", RULES, levels

    def described_levels(self) -> list[dict]:
        """The described scores as levels, each from its own number; so numbered if they follow each other."""
        scores = self.answers.described
        first = scores[0].number
        follow = first <= 1 and all(score.number == first + i for i, score in enumerate(scores))
        levels = []
        for i, score in enumerate(scores):
            number = score.number if follow else i + 1
            level = {"level": number, "name": short(score.name), "summary": kept_whole(score.name, score.about)}
            if i and number != score.number:
                level["from"] = score.number
            self.origins["levels", i] = (self.document, score.place)
            levels.append(without_empty(level))
        return levels

    def levels_of_groups(self) -> list[dict]:
        """Levels from 1, without groups that add no requirements: nobody could reach them."""
        begun = {criterion["level"] for criterion in self.criteria}
        levels: list[dict] = []
        number_of: dict[int, int] = {}
        for before, group in enumerate(self.implementation_groups.levels, start=1):
            if before not in begun:
                sentence = _("A group that adds no requirements is not a level of its own")
                self.report.adapted.say(sentence, example=group.name)
                continue
            number_of[before] = number = len(levels) + 1
            self.origins["levels", number] = (self.document, group.place)
            summary = kept_whole(group.name, group.about)
            levels.append(without_empty({"level": number, "name": short(group.name), "summary": summary}))
        for criterion in self.criteria:
            criterion["level"] = number_of[criterion["level"]]
        return levels

    def version(self, library: Reader) -> str:
        version = self.options.version or library.text("version")[:40]
        if not version:
            message = _("the library does not say which version it is")
            library.problem(("version",), message, str(ADD_THE_VERSION))
        return version

    def framework(self, library: Reader) -> Reader:
        objects = library.get("objects")
        objects = objects if isinstance(objects, dict) else {}
        for name in objects:
            if name not in ("framework", "frameworks"):
                self.report.refused.say(_("`{field}` of the library").format(field=shortened(name)))
        place: Place = ("objects", "framework")
        framework = objects.get("framework")
        if framework is None and isinstance(objects.get("frameworks"), list) and objects["frameworks"]:
            framework = objects["frameworks"][0]
            place = ("objects", "frameworks", 0)
            self.report.refused.say(_("other frameworks of the library"), times=len(objects["frameworks"]) - 1)
        if not isinstance(framework, dict):
            message = _("this library holds no framework")
            if objects:
                message = _("this library holds no framework (it holds {things})").format(things=listed(objects))
            mend = _("choose a library with 'objects: framework:'; matrices, controls and mappings cannot be rated")
            raise FrameworkFileError([self.document.problem(("objects",), message, mend)])
        return Reader(self.report, self.document, place, framework)

    def node(self, reader: Reader, requirement: str) -> None:
        for name, what in LINKS.items():
            value = reader.get(name)
            if value not in (None, "", [], {}):
                is_counted = name in COUNTED and isinstance(value, list | dict)
                self.report.refused.say(str(what), times=len(value) if is_counted else 1)
        if reader.get("assessable") is not True:
            self.tree.say_what_is_lost(reader)
            return
        questions = [
            (urn, question, self.answers.to_question(question)) for urn, question in self.tree.questions(reader)
        ]
        rated = [(urn, question, scale) for urn, question, scale in questions if scale]
        others = [question.text("text") for _urn, question, scale in questions if not scale]
        self.report.offered += len(rated) or 1
        shared = {
            "dimension": self.tree.dimension(reader),
            "level": self.implementation_groups.level_of(reader, heading_of(reader)),
            **self.weight(reader),
        }
        if not rated:
            if others:
                sentence = _("Requirements whose questions cannot be rated are rated themselves")
                self.report.adapted.say(sentence, example=heading_of(reader))
            statement = self.statement(reader, others)
            about = self.evidence(reader, statement, [text for text in others if text != statement])
            self.add(reader, shared | {"scale": requirement}, statement, reader.text("urn"), self.code(reader), about)
            return
        for n, (urn, question, scale) in enumerate(rated, start=1):
            code = self.code(reader) if len(questions) == 1 else f"{self.code(reader)}-{n}"
            statement = question.text("text", needed=True)
            about = paragraphs(self.condition(question), self.evidence(reader, statement, others if n == 1 else []))
            self.add(reader, shared | {"scale": scale}, statement, urn, code, about)

    def weight(self, reader: Reader) -> dict[str, Any]:
        """The weight of a requirement; nothing where it is 1, or cannot be one."""
        weight = reader.get("weight")
        if weight in (None, 1):
            return {}
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= MOST_WEIGHT:
            self.report.refused.say(_("weights that are no numbers above 0"), example=heading_of(reader))
            return {}
        return {"weight": str(Fraction(str(weight)))}

    def condition(self, question: Reader) -> str:
        """In words, on which answer a question depends: here it is asked always, and may not apply."""
        if not question.get("depends_on"):
            return ""
        depends = Reader(self.report, self.document, (*question.place, "depends_on"), question.get("depends_on"))
        self.report.adapted.say(
            _("Questions that depend on another one are asked always, may not apply, and say under which condition"),
            example=question.text("text"),
        )
        answers = depends.lines("answers")
        other = self.tree.asked.get(depends.text("question").lower())
        if other is None:
            return titled("Only if", ", ".join(answers))
        wanted = {urn.lower() for urn in answers}
        choices = [c.text("value") for c in self.answers.choices_of(other) if c.text("urn").lower() in wanted]
        named = ", ".join(f"“{choice}”" for choice in choices) or ", ".join(answers)
        return titled("Only if", f"“{other.text('text')}” is answered with {named}")

    def evidence(self, reader: Reader, statement: str, questions: list[str]) -> str:
        """What stands under “How to check”."""
        # Without its number, which is a reference: a new number is no new meaning.
        name = reader.text("name")
        description = reader.text("description")
        return paragraphs(
            titled("Requirement", name) if name != statement else "",
            description if description != statement else "",
            titled("Questions", bullets(text for text in questions if text)),
            titled("Typical evidence", reader.text("typical_evidence")),
            titled("Note", reader.text("annotation")),
        )

    def add(self, reader: Reader, shared: dict[str, Any], statement: str, urn: str, code: str, about: str) -> None:
        self.origins["criteria", len(self.criteria)] = (self.document, reader.place)
        self.criteria.append(
            {
                "key": self.keys.make(code, "requirement"),
                **shared,
                "statement": statement,
                "na": "The requirement is not applicable here.",
            }
            | without_empty({"evidence": about, "source": self.fitting(urn), "refs": self.refs(reader)})
        )

    def fitting(self, urn: str) -> str:
        if len(urn) > 200:
            self.report.refused.say(_("urns longer than 200 characters"))
            return ""
        return urn

    @staticmethod
    def refs(reader: Reader) -> list[str]:
        return [reader.text("ref_id")] if reader.text("ref_id") else []

    @staticmethod
    def code(reader: Reader) -> str:
        return reader.text("ref_id") or reader.text("urn").rpartition(":")[2] or reader.text("name")

    def statement(self, reader: Reader, questions: list[str]) -> str:
        """What is rated: the name of the requirement, else what stands for one, else its first question."""
        texts = (reader.text(name) for name in ("name", "description", "ref_id"))
        statement = next((text for text in (*texts, *questions) if text), "")
        if not statement:
            reader.problem((), _("this requirement has neither name nor description"), _("add one of them"))
        return statement

    def source(self, library: Reader) -> dict:
        return without_empty(
            {
                "id": slug(library.text("ref_id")) or "library",
                "title": library.text("name") or library.text("urn") or "CISO Assistant library",
                "where": library.text("urn"),
                "license": library.text("copyright"),
                "note": titled("Provider", library.text("provider")),
            }
        )

    def left_out(self, library: Reader, framework: Reader) -> None:
        framework.seen.update(("urn", "ref_id", "name", "description", "min_score", "max_score", "requirement_nodes"))
        framework.seen.add("translations")
        library.seen.update(
            ("urn", "ref_id", "name", "version", "locale", "description", "packager", "publication_date")
        )
        library.seen.update(("provider", "copyright", "translations"))
        for name in library.rest():
            self.report.refused.say(_("`{field}` of the library").format(field=shortened(name)))
        for name in framework.rest():
            self.report.refused.say(_("`{field}` of the framework").format(field=shortened(name)))
        known = {"urn", "assessable", "depth", "parent_urn", "ref_id", "name", "description", "order_id"}
        known |= {
            "implementation_groups",
            "typical_evidence",
            "annotation",
            "questions",
            "weight",
            "translations",
            *LINKS,
        }
        for node in self.tree.nodes:
            node.seen.update(known)
            for name in node.rest():
                self.report.refused.say(_("`{field}` of requirement nodes").format(field=shortened(name)))

    def say_what_was_made(self, method: str) -> None:
        say = self.report.adapted.say
        if self.tree.is_deep:
            say(_("Nodes of the first depth became groups, those of the second dimensions, assessable nodes criteria."))
        else:
            say(_("Top-level nodes became dimensions, assessable nodes criteria."))
        if any(scale["key"] == "compliance" for scale in self.answers.scales.values()):
            say(_("What has no answers of its own is rated “Not met”, “Partially met” or “Met”."))
        if method == "rubric":
            say(_("The scores that the library describes became levels, with its own numbers."))
        else:
            if not self.implementation_groups.levels:
                say(_("Every requirement is at one level, “In place”."))
            sentence = _("The library does not say when a level is reached: “{rules}” were added as rules.")
            say(sentence.format(rules="”, “".join(rule["name"] for rule in RULES["rules"])))
            say(_("Level 0 was added as the lowest level."))
        say(_("“Does not apply” and “I do not know” were added to the answers."))
