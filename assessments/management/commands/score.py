import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assessments import scoring
from assessments.frameworks.format.files import FrameworkFileError, read
from assessments.frameworks.format.problems import did_you_mean
from assessments.frameworks.format.ratings_file import read_ratings
from assessments.frameworks.format.schema import FrameworkFile
from assessments.management.sealed_files import sealed_bytes
from assessments.scoring.as_json import score_as_json
from assessments.sealed.checking import Changed, Opened, opened

DASH = scoring.DASH


class Command(BaseCommand):
    help = (
        "Scores a file of ratings against a framework file, or the ratings in a sealed file. Nothing is stored, and no "
        "database is needed."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("framework", metavar="FRAMEWORK.yaml", help="or NAME.maturity.json, without RATINGS.yaml")
        parser.add_argument("ratings", metavar="RATINGS.yaml", nargs="?")
        parser.add_argument("--rule", metavar="KEY", help="a scoring rule of the framework, instead of its default")
        parser.add_argument("--json", action="store_true", dest="as_json", help="every figure as JSON")

    def handle(self, *, framework: str, ratings: Any, rule: str | None, as_json: bool, **options: Any) -> None:
        if ratings is None:
            sealed = unsealed(framework)
            file, instrument, result = sealed.framework, sealed.instrument, sealed.score
            rule = chosen_rule(instrument, rule or sealed.payload.assessment.rule or None)
        else:
            try:
                file = read(framework)
                respondents, agreed = read_ratings(ratings, file)
            except FrameworkFileError as error:
                raise CommandError(str(error)) from error
            instrument = file.instrument()
            rule = chosen_rule(instrument, rule)
            result = scoring.score(instrument, respondents, agreed)
        if as_json:
            figures = score_as_json(instrument, result, rule)
            self.stdout.write(json.dumps(figures, indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(report(file, result, rule)))


def unsealed(path: str) -> Opened:
    """The sealed file at a path, as far as its own signature goes; raises CommandError if anything was changed."""
    if not path.endswith(".json"):
        raise CommandError("Name a file of ratings as well, or a sealed file NAME.maturity.json alone.")
    try:
        return opened(sealed_bytes(path))
    except Changed as error:
        raise CommandError(f"{path} was changed since it was sealed, or is no sealed file. {error}") from error


def chosen_rule(instrument: scoring.Instrument, named: str | None) -> str:
    """The key of the outcomes to show; raises CommandError if the framework has no such rule."""
    if named is None:
        return instrument.default_rule or scoring.NO_RULE
    if instrument.method == scoring.SUMS:
        raise CommandError(f"There is no rule '{named}': this framework is scored by sums, so it has no rules.")
    if instrument.method == scoring.RUBRIC:
        raise CommandError(f"There is no rule '{named}': this framework is a rubric, so it has no rules.")
    if named not in instrument.rule_keys:
        choices = ", ".join(f"'{key}'" for key in instrument.rule_keys)
        hint = did_you_mean(named, instrument.rule_keys)
        hint = f" {hint[0].upper()}{hint[1:]}" if hint.startswith("did") else ""
        raise CommandError(f"There is no rule '{named}'.{hint} The rules are {choices}.")
    return named


def report(file: FrameworkFile, result: scoring.Score, rule: str) -> Iterator[str]:
    """The result as lines for people: the whole, each group and dimension, and what to do next."""
    by_levels = file.framework.method != scoring.SUMS
    yield f"{file.framework.name} {file.framework.version}"
    if file.scoring.rules:
        yield f"Rule: {next(r.name for r in file.scoring.rules if r.key == rule)} ({rule})"
    yield ""
    scale = scoring.IndexScale.of(file.instrument())
    yield from _whole(file, result.whole, rule, scale)
    yield ""
    yield from _table(file, result, rule, scale)
    blockers = result.whole.outcomes[rule].blockers
    if blockers:
        yield ""
        yield f"What keeps the team from the next {'level' if by_levels else 'band'}:"
        yield from _blockers(file, result, blockers)


def _whole(file: FrameworkFile, whole: scoring.PartScore, rule: str, scale: scoring.IndexScale) -> Iterator[str]:
    outcome = whole.outcomes[rule]
    by_levels = file.framework.method != scoring.SUMS
    names = {level.level: level.name for level in file.levels}
    if not by_levels:
        names = {place: band.name for place, band in enumerate(file.scoring.bands)}
    figure = _index(whole, scale)
    if file.framework.method == scoring.RUBRIC:
        figure = f"{figure} of {scale.top_text}"
    if by_levels:
        reached = DASH if outcome.level is None else f"{outcome.level} {names[outcome.level]}"
        best = DASH if outcome.best is None else f"{outcome.best} {names[outcome.best]}"
        yield f"Level     {_range(reached, best)}"
        yield f"Index     {figure}"
    else:
        yield f"Result    {figure}"
        reached, best = (DASH if level is None else names[level] for level in (outcome.level, outcome.best))
        yield f"Band      {_range(reached, best)}"
    yield f"Coverage  {scoring.percent(whole.coverage)}%"
    if outcome.vacuous:
        yield f"Nothing applies at level {', '.join(map(str, outcome.vacuous))}, so it cannot be reached."


def _index(part: scoring.PartScore, scale: scoring.IndexScale) -> str:
    return _range(scale.text(part.index), scale.text(part.index_best))


def _range(reached: str, best: str) -> str:
    """ "1, could be 2": the figure now, and the best it could be with the unanswered criteria."""
    return reached if best == reached else f"{reached}, could be {best}"


def _table(file: FrameworkFile, result: scoring.Score, rule: str, scale: scoring.IndexScale) -> Iterator[str]:
    by_levels = file.framework.method != scoring.SUMS
    parts = [(group.name, result.groups.get(group.key)) for group in file.groups]
    parts += [(dimension.name, result.dimensions.get(dimension.key)) for dimension in file.dimensions]
    width = max(len(name) for name, _ in parts)
    head = ("Level", "Index") if by_levels else ("Score",)
    yield f"{'':{width}}  " + "  ".join(f"{title:<15}" for title in head).rstrip()
    for name, part in parts:
        if part is None:
            continue
        outcome = part.outcomes[rule]
        level, best = (DASH if number is None else str(number) for number in (outcome.level, outcome.best))
        index = _index(part, scale)
        cells = (_range(level, best), index) if by_levels else (index,)
        yield f"{name:{width}}  " + "  ".join(f"{cell:<15}" for cell in cells).rstrip()


def _blockers(file: FrameworkFile, result: scoring.Score, keys: Iterable[str]) -> Iterator[str]:
    criteria = {criterion.key: criterion for criterion in file.criteria}
    for key in keys:
        criterion = criteria[key]
        rating = result.criteria[key].rating
        level = "" if criterion.level is None else f", level {criterion.level}"
        yield f"  {key} ({'unanswered' if rating is None else f'rated {rating}'}{level}): {criterion.statement}"
        if criterion.next:
            yield f"    Next: {criterion.next}"
