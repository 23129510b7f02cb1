"""The arrows between the modules point down only, as the design says; read from the source, nothing is imported."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "assessments"

PURE, MODELS, READING, ACCESS, VIEWS, URLS = range(6)
#: Where each module of `assessments` stands; the longest name that fits counts. A new module is entered here.
PLACES = {
    URLS: ["urls", "converters"],
    VIEWS: ["views", "admin", "apps", "management", "templatetags"],
    ACCESS: ["forms", "access", "exports", "questionnaire", "seats", "agenda", "mailing"],
    READING: [
        # Asking and answering.
        *("voices", "following", "reviewing", "qr"),
        # Where teams stand, how they got there, and what comes next.
        *("history", "standing", "progress_charts", "beside", "comparing", "recalled"),
        *(
            "aims",
            "aspiring",
            "gaps",
            "grading",
            "roadmap",
            "trying",
            "portfolio",
            "portfolio_rows",
            "holding",
            "heatmap",
            "disclosure",
        ),
        # Frameworks on their way into the database and out of it.
        *("frameworks.storing", "frameworks.importing", "frameworks.publishing", "frameworks.impact"),
        *("editing", "moving_on"),
        "demo",
    ],
    MODELS: ["models"],
    PURE: [
        *("scoring", "scoring_json", "charts", "policy", "adviser", "frameworks", "demo.organisation", "anonymity"),
        "markup",
    ],
}
LAYERS = {name: layer for layer, names in PLACES.items() for name in names}
#: These need nothing but Python; files of frameworks are read with pydantic and ruamel.yaml.
STANDARD_LIBRARY_ONLY = ("scoring", "scoring_json", "charts", "policy", "adviser", "demo.organisation")


@dataclass(frozen=True)
class Module:
    name: str
    path: Path

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @property
    def layer(self) -> int | None:
        parts = self.name.split(".")
        names = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
        return next((LAYERS[name] for name in names if name in LAYERS), None)

    @property
    def package(self) -> list[str]:
        parts = ["assessments", *self.name.split(".")]
        return parts if self.path.name == "__init__.py" else parts[:-1]

    def is_below(self, names) -> bool:
        return any(self.name == name or self.name.startswith(f"{name}.") for name in names)


def modules(root: Path = PACKAGE) -> list[Module]:
    found = []
    for path in sorted(root.rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix("__init__").rstrip(".")
        if name and not name.startswith("migrations"):
            found.append(Module(name, path))
    return found


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Everything that a module imports, with its line: full dotted names, imported names attached."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.package[: len(module.package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def length(function: ast.FunctionDef) -> int:
    """Lines of what a function does, without its head and its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def wrong_arrows(found: list[Module]) -> list[str]:
    by_name = {module.name: module for module in found}
    wrong = []
    for module in found:
        for line, target in imports(module):
            name = target.removeprefix("assessments.")
            if name == target:
                continue
            # `from .models import Team` names something inside the module `models`.
            other = by_name.get(name) or by_name.get(name.rpartition(".")[0])
            if other and module.layer is not None and other.layer is not None and other.layer > module.layer:
                wrong.append(f"{module.name}:{line} imports {other.name}, which stands above it")
    return wrong


MODULES = modules()
PURE_MODULES = [pytest.param(module, id=module.name) for module in MODULES if module.layer == PURE]
STANDARD_MODULES = [
    pytest.param(module, id=module.name) for module in MODULES if module.is_below(STANDARD_LIBRARY_ONLY)
]


def test_every_module_has_its_place():
    assert [module.name for module in MODULES if module.layer is None] == []


def test_every_arrow_points_down():
    assert wrong_arrows(MODULES) == []


@pytest.mark.parametrize("module", PURE_MODULES)
def test_pure_module_imports_neither_django_nor_models(module):
    roots = {target.split(".")[0] for _, target in imports(module)}
    assert roots & {"django", "django_htmx", "environ", "psycopg", "maturity"} == set()


@pytest.mark.parametrize("module", STANDARD_MODULES)
def test_needs_nothing_but_python(module):
    roots = {target.split(".")[0] for _, target in imports(module)}
    assert roots - sys.stdlib_module_names - {"assessments"} == set()


def test_the_site_is_known_to_nothing_below_it():
    """Settings are read through django.conf, so that nothing depends on where they come from."""
    assert [m.name for m in MODULES if any(target.split(".")[0] == "maturity" for _, target in imports(m))] == []


def test_rows_become_the_input_of_the_engine_in_one_place():
    """Another place would sooner or later score the same answers differently."""
    makers = [
        module.name
        for module in MODULES
        if not module.is_below(["scoring"])
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "Instrument"
    ]
    assert makers == ["frameworks.schema", "models.assessments"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("scoring/parts.py", "from ..models import Team"),
        ("scoring/parts.py", "from assessments.models.teams import Team"),
        ("models/teams.py", "from .. import access"),
        ("models/teams.py", "def f():\n    from ..history import Line"),
        ("history.py", "import assessments.views.teams"),
        ("forms/teams.py", "from ..views.teams import team"),
    ],
)
def test_an_arrow_that_points_up_is_found(tmp_path, path, source):
    for place in ("models/teams.py", "views/teams.py", "access.py", "history.py", path):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text("")
        (tmp_path / place).with_name("__init__.py").touch()
    (tmp_path / path).write_text(source)
    assert len(wrong_arrows(modules(tmp_path))) == 1


# ---------------------------------------------------------------------- sizes and habits

VIEWS_FUNCTIONS = [
    pytest.param(module, node, id=f"{module.name}.{node.name}")
    for module in MODULES
    if module.is_below(["views"])
    for node in module.tree.body
    if isinstance(node, ast.FunctionDef)
]


def test_every_component_is_in_a_page():
    templates = ROOT / "templates"
    pages = "".join(page.read_text() for page in templates.rglob("*.html"))
    components = [page.relative_to(templates).as_posix() for page in (templates / "components").iterdir()]
    assert components
    code = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    assert [name for name in components if name not in pages + code] == []


@pytest.mark.parametrize("module,function", VIEWS_FUNCTIONS)
def test_view_is_under_25_lines(module, function):
    assert length(function) < 25


def test_no_function_is_over_40_lines():
    long = [
        f"{module.name}.{node.name}"
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef) and length(node) > 40
    ]
    assert long == []


@pytest.mark.parametrize("module,function", VIEWS_FUNCTIONS)
def test_view_leaves_the_vocabulary_to_the_models(module, function):
    """What a status, a role or a current result is, the querysets say."""
    calls = [n for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    chosen_by = {k.arg for call in calls if call.func.attr in {"filter", "exclude"} for k in call.keywords if k.arg}
    assert {name.split("__")[-1] for name in chosen_by} & {"status", "role", "is_current", "state"} == set()


def test_no_module_is_named_after_nothing():
    empty = {"services", "selectors", "utils", "helpers", "common"}
    assert [module.name for module in MODULES if empty & set(module.name.split("."))] == []
