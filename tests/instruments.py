"""The toy model of the shared vectors as the engine takes it, and the shipped frameworks. Pure: no database."""

from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

from assessments import scoring
from assessments.frameworks.format.files import read

ROOT = Path(__file__).parent.parent
BUILT_IN = ROOT / "assessments" / "frameworks" / "builtin"
VECTORS = YAML(typ="safe", pure=True).load(ROOT / "tests" / "data" / "scoring-vectors.yaml")

NPLF = scoring.ScoredScale(key="nplf", values={"N": 0, "P": 1, "L": 2, "F": 3})
LARGELY = {"key": "largely", "unit": "criterion", "at": {"at_least": "2/3"}, "below": {"at_least": "2/3"}}
ISO33020 = {"key": "iso33020", "unit": "cell", "at": {"more_than": "0.50"}, "below": {"more_than": "0.85"}}
FULLY = {"key": "fully", "unit": "criterion", "at": {"at_least": "1"}, "below": {"at_least": "1"}}
RULES = tuple(scoring.Rule.parsed(rule) for rule in (LARGELY, ISO33020, FULLY))


def make_instrument(rows, *, top=3, rules=RULES, groups=None) -> scoring.Instrument:
    """From rows such as `x1 X 1`: criterion, dimension, level; `groups` names the group of each dimension."""
    criteria = tuple(
        scoring.ScoredCriterion(key=key, dimension=dimension, level=int(level), scale=NPLF)
        for key, dimension, level in (row.split() for row in rows)
    )
    groups = groups or {}
    names = dict.fromkeys(criterion.dimension for criterion in criteria)
    return scoring.Instrument(
        method=scoring.LEVELS,
        criteria=criteria,
        dimensions=tuple(scoring.ScoredDimension(key=name, group=groups.get(name)) for name in names),
        groups=tuple(dict.fromkeys(groups.values())),
        levels=tuple(range(top + 1)),
        rules=rules,
        default_rule=rules[0].key,
    )


def toy(**changes) -> scoring.Instrument:
    return make_instrument(VECTORS["toy_model"]["criteria"], **changes)


@cache
def built_in(name: str) -> scoring.Instrument:
    return read(BUILT_IN / f"{name}.yaml").instrument()


def answers(row: str) -> dict[str, str | None]:
    """Codes in the order of the toy model, `-` for no answer."""
    codes = [None if code == "-" else code for code in row.split()]
    return dict(zip(VECTORS["toy_model"]["order"].split(), codes, strict=True))
