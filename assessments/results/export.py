"""A team's results as a table for a spreadsheet."""

from ..models import PartResult, Questionnaire, Team
from ..models.results import Figures, as_fraction
from ..web.spreadsheets import Cell, Table


def team_table(team: Team) -> Table:
    """One row per current result of a team and per part of it, the oldest first."""
    results = team.results.current_only().select_related("edition__framework").chronological()
    parts: dict = {}
    for part in PartResult.objects.filter(result__in=results).order_by("order"):
        parts.setdefault(part.result_id, []).append(part)
    rows: list[list[Cell]] = []
    for result in results:
        contents = result.edition.contents
        names = {("dimension", dimension.key): dimension.name for dimension in contents.dimensions}
        names |= {("group", group.key): group.name for group in contents.groups}
        questionnaire = str(Questionnaire(result.questionnaire).label)
        about: list[Cell] = [
            result.date,
            result.edition.framework.name,
            result.edition.version,
            questionnaire,
            contents.rules.get(result.rule, ""),
        ]
        whole_and_parts: list[tuple[str, Figures]] = [("Overall", result)]
        for part in parts.get(result.pk, []):
            whole_and_parts.append((names.get((part.kind, part.key), part.key), part))
        for name, figures in whole_and_parts:
            index = result.index_scale.number(as_fraction(figures.index_exact))
            counts = [figures.settled, figures.asked, figures.not_applicable]
            rows.append([*about, name, figures.level, figures.best, index, *counts])
    head = ["Date", "Framework", "Edition", "Questionnaire", "Rule", "Part", "Level", "Best case", "Index"]
    return Table(title=team.name, head=[*head, "Answered", "Asked", "Of these not applicable"], rows=rows)
