"""The packages of `assessments` in their order: an import may only lead to one that stands below.

The list is also what `docs/architecture.md` prints. The source is read; nothing is imported.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "assessments"
DOCUMENT = ROOT / "docs" / "architecture.md"

#: From the top to the bottom: each package may import from those after it, and none from those before it.
PACKAGES = {
    "urls": "every address of the application, by including the addresses of the packages",
    "admin": "the advanced admin for administrators",
    "provisioning": "SCIM 2.0: people and groups as directories such as Microsoft Entra and Okta send them",
    "api": "the API for programs: what they read and change, errors, limits, its documentation",
    "management": "the commands of `manage.py`",
    "apps": "what Django loads first",
    "operations": "backups, moving to another database, tidying up, and looking after an installation",
    "outbox": "sending the mails and other messages that wait",
    "notices": "mails about what happened and what is due, and the monthly digest",
    "trackers": "issue trackers: which one a team uses, creating issues of actions there, reading their state",
    "webhooks": "messages to chats and other programs: who gets them, what they say, where they may go",
    "sharing": "links by which people without an account read one report",
    "rounds": "many teams assessed at once, followed on one page, and repeated",
    "home": "the start page: what waits for a person, their teams, first steps, search; the calendar of what is due",
    "lifecycle": "starting, opening, ending, closing, reopening and discarding an assessment",
    "live": "the live room: a team answers together, or in review votes once more, on phones, beside one shared screen",
    "review": "agreeing on ratings together",
    "organisation": "units, teams and members",
    "preview": "a draft as people would meet it: its questionnaire, and a result with made-up answers",
    "demo": "the demo organisation",
    "templatetags": "what templates ask for",
    "questionnaire": "answering",
    "portfolio": "the organisation at a glance, and its plan",
    "results": "one result, the team's page, history, comparing two results",
    "history_import": "earlier assessments from spreadsheets and other tools: reading, checking, importing, removing",
    "sealed": "a result as a signed file that anyone can check, and importing one",
    "invitations": "who is asked: links, mail, following the response",
    "planning": "targets, roadmap, trying out changes",
    "measurements": "outcome figures of a team month by month: entering, drawing, comparing them with levels",
    "evidence": "facts of pipelines beside answers: what they say, where they disagree with ratings, reading reports",
    "accounts": "signing in, by a provider too, accounts, erasing a person",
    "frameworks": "the file format, importing, storing, publishing, comparing versions, the editor, the adviser",
    "permissions": "who may do what, fetching an object through it, and refusals",
    "web": "what every page uses: fields, converters, Markdown, spreadsheets, dates, error pages",
    "models": "the rows and what they do",
    "charts": "geometry of the SVG charts",
    "scoring": "from ratings to levels, and everything computed from scores",
}
#: These need neither Django nor the database: values in, values out.
PURE = (
    "scoring",
    "charts",
    "frameworks.format",
    "frameworks.importers",
    "permissions.roles",
    "frameworks.adviser",
    "portfolio.disclosure_control",
    "demo.organisation",
    "web.markdown",
    "operations.archive",
    "operations.rotation",
    "operations.passphrase",
    "operations.whole_files",
)
#: And these need nothing but Python.
STANDARD_LIBRARY_ONLY = ("scoring", "charts", "permissions.roles", "frameworks.adviser", "demo.organisation")


@dataclass(frozen=True)
class Module:
    """One file below `assessments`; its name has no `assessments.` before it."""

    name: str
    path: Path

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @property
    def package(self) -> str:
        return self.name.split(".")[0]

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    def is_below(self, names: tuple[str, ...]) -> bool:
        return any(self.name == name or self.name.startswith(f"{name}.") for name in names)


def modules(root: Path = PACKAGE) -> list[Module]:
    listed = []
    for path in sorted(root.rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix("__init__").rstrip(".")
        if name and not name.startswith("migrations"):
            listed.append(Module(name, path))
    return listed


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Everything that a module imports, with its line: full dotted names, imported names attached."""
    parts = ["assessments", *module.name.split(".")]
    own = parts if module.is_package else parts[:-1]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = own[: len(own) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def for_types_only(module: Module) -> set[int]:
    """The lines below `if TYPE_CHECKING:`."""
    blocks = [
        node
        for node in module.tree.body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    ]
    return {line for block in blocks for line in range(block.lineno, (block.end_lineno or block.lineno) + 1)}


def wrong_arrows(listed: list[Module]) -> list[str]:
    """Imports of a package that stands above the importing one."""
    order = list(PACKAGES)
    wrong = []
    for module in listed:
        for line, target in imports(module):
            name = target.removeprefix("assessments.")
            other = name.split(".")[0]
            if name != target and other in PACKAGES and order.index(other) < order.index(module.package):
                wrong.append(f"{module.name}:{line} imports {name}, which stands above it")
    return wrong


def circles(listed: list[Module]) -> list[str]:
    """Modules that import each other in a circle, at the top of a file or inside a function.

    What is imported for the checker of types alone does not count: no program ever runs it.
    """
    by_name = {module.name: module for module in listed}
    arrows: dict[str, set[str]] = {}
    for module in listed:
        targets = set()
        unused = for_types_only(module)
        for line, target in imports(module):
            if line in unused:
                continue
            name = target.removeprefix("assessments.")
            # `from .models import Team` names something inside the module `models`.
            imported = name if name in by_name else name.rpartition(".")[0]
            if imported in by_name and imported != module.name:
                targets.add(imported)
        arrows[module.name] = targets
    return sorted(name for name in arrows if reaches(name, name, arrows))


def reaches(start: str, goal: str, arrows: dict[str, set[str]]) -> bool:
    waiting = list(arrows[start])
    visited: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in visited:
            visited.add(name)
            waiting += arrows[name]
    return False


MODULES = modules()
PURE_MODULES = [pytest.param(module, id=module.name) for module in MODULES if module.is_below(PURE)]
STANDARD_MODULES = [
    pytest.param(module, id=module.name) for module in MODULES if module.is_below(STANDARD_LIBRARY_ONLY)
]


def test_every_module_is_in_a_package_of_the_list():
    assert sorted({module.package for module in MODULES} ^ PACKAGES.keys()) == []


def test_the_document_prints_the_list():
    rows = [f"| `{name}` | {sentence} |" for name, sentence in PACKAGES.items()]
    assert "\n".join(rows) in DOCUMENT.read_text(encoding="utf-8")


def test_every_import_leads_down():
    assert wrong_arrows(MODULES) == []


def test_no_modules_import_each_other_in_a_circle():
    assert circles(MODULES) == []


@pytest.mark.parametrize("module", PURE_MODULES)
def test_pure_module_imports_neither_django_nor_models(module):
    """But for translating its messages, which needs no database."""
    targets = [target for _, target in imports(module) if not target.startswith("django.utils.translation.")]
    roots = {target.split(".")[0] for target in targets}
    assert roots & {"django", "django_htmx", "environ", "psycopg", "maturity"} == set()
    assert [target for _, target in imports(module) if target.startswith("assessments.models")] == []


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
        if not module.is_below(("scoring",))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "Instrument"
    ]
    assert makers == ["frameworks.format.schema", "models.assessments"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("scoring/parts.py", "from ..models import Team"),
        ("scoring/parts.py", "from assessments.models.teams import Team"),
        ("models/teams.py", "from ..permissions import access"),
        ("models/teams.py", "def f():\n    from ..results.history import Line"),
        ("results/history.py", "import assessments.lifecycle.views"),
        ("organisation/forms.py", "from .. import urls"),
    ],
)
def test_an_import_that_leads_up_is_noticed(tmp_path, path, source):
    (tmp_path / path).parent.mkdir()
    (tmp_path / path).write_text(source)
    assert len(wrong_arrows(modules(tmp_path))) == 1


def test_a_circle_is_noticed(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "teams.py").write_text("from .accounts import User")
    (tmp_path / "models" / "accounts.py").write_text("def erase():\n    from .teams import Team")
    (tmp_path / "models" / "journal.py").write_text("from .accounts import User")
    assert circles(modules(tmp_path)) == ["models.accounts", "models.teams"]


def test_every_component_is_in_a_page():
    templates = ROOT / "templates"
    pages = "".join(page.read_text() for page in templates.rglob("*.html"))
    components = [page.relative_to(templates).as_posix() for page in (templates / "components").iterdir()]
    assert components
    code = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    assert [name for name in components if name not in pages + code] == []


VIEWS = [
    pytest.param(module, node, id=f"{module.name}.{node.name}")
    for module in MODULES
    if module.name.endswith("views")
    for node in module.tree.body
    if isinstance(node, ast.FunctionDef)
]


@pytest.mark.parametrize("module,function", VIEWS)
def test_view_leaves_the_vocabulary_to_the_models(module, function):
    """What a status, a role or a current result is, the querysets say."""
    calls = [n for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    chosen_by = {k.arg for call in calls if call.func.attr in {"filter", "exclude"} for k in call.keywords if k.arg}
    assert {name.split("__")[-1] for name in chosen_by} & {"status", "role", "is_current", "state"} == set()


def classes_defined_twice(listed: list[Module]) -> list[str]:
    places: dict[str, list[str]] = {}
    for module in listed:
        # Django looks a command up by this name.
        commands = {"Command"} if module.name.startswith("management.commands") else set()
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and node.name not in commands:
                places.setdefault(node.name, []).append(module.name)
    return [f"{name} in {' and '.join(names)}" for name, names in places.items() if len(names) > 1]


def test_every_class_has_a_name_of_its_own():
    assert classes_defined_twice(MODULES) == []


def test_a_class_defined_twice_is_noticed(tmp_path):
    (tmp_path / "models.py").write_text("class Level: pass")
    (tmp_path / "scoring.py").write_text("class Level: pass")
    assert classes_defined_twice(modules(tmp_path)) == ["Level in models and scoring"]


def test_no_module_is_named_after_nothing():
    empty = {"services", "selectors", "utils", "helpers", "common"}
    assert [module.name for module in MODULES if empty & set(module.name.split("."))] == []
