"""A made-up framework of any number of dimensions, for large organisations and for measuring."""

from ..frameworks.format.schema import FrameworkFile
from ..frameworks.storing import store
from ..models import Edition

LEVELS = ["Ad hoc", "Repeatable", "Defined", "Measured", "Improving"]
AREAS = [
    ("Planning", ["Goals", "Estimates", "Priorities", "Risks", "Budgets"]),
    ("Building", ["Design", "Code", "Reviews", "Tests", "Documentation"]),
    ("Running", ["Releases", "Monitoring", "Incidents", "Capacity", "Recovery"]),
    ("People", ["Onboarding", "Skills", "Feedback", "Handover", "Well-being"]),
]
DONE = ["is done now and then", "is done as agreed", "is described and followed", "is measured and steered by figures"]


def names(dimensions: int) -> list[tuple[str, str]]:
    """That many dimensions as (group, name); beyond those with a name of their own they are numbered."""
    known = [(group, name) for group, inside in AREAS for name in inside]
    further = [(AREAS[n % len(AREAS)][0], f"Area {n + 1}") for n in range(len(known), dimensions)]
    return (known + further)[:dimensions]


def data(dimensions: int) -> dict:
    """The framework file: one criterion for each dimension and level."""
    chosen = names(dimensions)
    keys = {name: f"d{place:02}" for place, (_, name) in enumerate(chosen, 1)}
    rule = {"at_least": "2/3"}
    return {
        "format": 1,
        "framework": {
            "key": f"delivery-{dimensions}",
            "name": "Delivery (made up)",
            "version": "1.0.0",
            "language": "en",
            "method": "levels",
            "purpose": f"Made up for trying things out with {dimensions} dimensions.",
            "unit_of_assessment": "One team.",
            "representation": ["staged", "continuous"],
        },
        "scales": [_scale()],
        "scoring": {
            "default_rule": "largely",
            "rules": [{"key": "largely", "name": "Largely achieved", "unit": "criterion", "at": rule, "below": rule}],
        },
        "levels": [{"level": number, "name": name, "summary": f"{name}."} for number, name in enumerate(LEVELS)],
        "groups": [{"key": f"g-{name.lower()}", "name": name} for name in dict.fromkeys(group for group, _ in chosen)],
        "dimensions": [{"key": keys[name], "name": name, "group": f"g-{group.lower()}"} for group, name in chosen],
        "criteria": [_criterion(keys[name], name, level) for _, name in chosen for level in range(1, len(LEVELS))],
    }


def _scale() -> dict:
    choices = enumerate(zip("NPLF", ["Not", "Partially", "Largely", "Fully"], strict=True))
    return {
        "key": "nplf",
        "values": [
            {"code": code, "value": value, "name": f"{name} achieved", "anchor": f"{name} so."}
            for value, (code, name) in choices
        ],
        "other_answers": [
            {"code": "NA", "name": "Does not apply", "needs_reason": True},
            {"code": "DK", "name": "I do not know"},
        ],
    }


def _criterion(key: str, name: str, level: int) -> dict:
    return {
        "key": f"{key}.l{level}",
        "dimension": key,
        "level": level,
        "scale": "nplf",
        "statement": f"{name}: the work {DONE[level - 1]}.",
        "next": f"Agree on the next step for {name.lower()}.",
    }


def edition(dimensions: int) -> Edition:
    return store(FrameworkFile.model_validate(data(dimensions)), origin=Edition.Origin.IMPORTED).edition
