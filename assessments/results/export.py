"""A team's results as a table for a spreadsheet."""

from ..models import PartResult, Questionnaire, Team
from ..models.results import as_fraction
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
        names = {("dimension", d.key): d.name for d in contents.dimensions}
        names |= {("group", g.key): g.name for g in contents.groups}
        questionnaire = Questionnaire(result.questionnaire).label
        known: list[Cell] = [result.date, result.edition.framework.name, result.edition.version, questionnaire]
        known.append(contents.rules.get(result.rule, ""))
        figures = [("Overall", result), *((names.get((p.kind, p.key), p.key), p) for p in parts.get(result.pk, []))]
        for name, each in figures:
            index = result.index_scale.number(as_fraction(each.index_exact))
            counts = [each.settled, each.asked, each.not_applicable]
            rows.append([*known, name, each.level, each.best, index, *counts])
    head = ["Date", "Framework", "Edition", "Questionnaire", "Rule", "Part", "Level", "Best case", "Index"]
    return Table(title=team.name, head=[*head, "Answered", "Asked", "Of these not applicable"], rows=rows)
