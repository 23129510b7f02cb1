"""Texts for people are written one way: "not" is written out, and apostrophes are curly."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = [path for path in sorted((ROOT / "templates").rglob("*")) if path.suffix in {".html", ".txt"}]
MODULES = [
    path
    for package in ("assessments", "maturity")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

GETTEXT = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "npgettext"}
COMMENT = re.compile(r"\{%\s*comment.*?endcomment\s*%\}|\{#.*?#\}", re.DOTALL)
CONTRACTED_NOT = re.compile(r"\b[A-Za-z]+n['’]t\b")
STRAIGHT_APOSTROPHE = re.compile(r"[A-Za-z}]'(?:s|t|re|ve|ll|d|m)\b")


def messages_of(module: str) -> Iterator[str]:
    """The texts in a module's source that go through gettext."""
    for node in ast.walk(ast.parse(module)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in GETTEXT:
            yield from (
                part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )


def found_in(text: str) -> list[str]:
    return [*CONTRACTED_NOT.findall(text), *STRAIGHT_APOSTROPHE.findall(text)]


@pytest.mark.parametrize("text", ["You can't", "You don’t", "the team's lead", "{{ team }}'s lead"])
def test_rule_finds(text):
    assert found_in(text)


def test_templates_keep_the_rule():
    texts = {path.relative_to(ROOT): found_in(COMMENT.sub("", path.read_text())) for path in TEMPLATES}
    assert len(texts) > 100
    assert {path: words for path, words in texts.items() if words} == {}


def test_messages_keep_the_rule():
    texts = {path.relative_to(ROOT): found_in("\n".join(messages_of(path.read_text()))) for path in MODULES}
    assert {path: words for path, words in texts.items() if words} == {}


def test_documents_write_not_out():
    texts = {path.relative_to(ROOT): CONTRACTED_NOT.findall(path.read_text()) for path in DOCUMENTS}
    assert {path: words for path, words in texts.items() if words} == {}
