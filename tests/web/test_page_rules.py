"""What pages lean on: error pages that need nothing, fields tied to their errors, no inline style or script."""

import re
from pathlib import Path

import pytest
from django import forms
from django.template.loader import render_to_string
from django.test import override_settings
from django.utils import translation

from assessments import charts
from assessments.scoring import IndexScale

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "411", "413", "414", "500", "503"])
def test_error_page_needs_neither_context_nor_database(name):
    """No request is given, without the `db` mark any query would fail, and no name of a URL is looked up."""
    with override_settings(ROOT_URLCONF="a.module.that.cannot.be.loaded"):
        page = render_to_string(f"{name}.html")
    assert "<h1></h1>" not in page
    assert re.search(r"<title>\S.* · Maturity</title>", page)
    assert 'class="btn"' in page


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_nothing_is_inline_that_the_policy_forbids(path):
    """Except the styles of a mail, which no policy reaches, and which must not load anything."""
    text = path.read_text()
    is_mail = path.parent == ROOT / "templates" / "mail"
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|\shx-on", text)
    assert "<style" not in text or is_mail
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_form_in_a_piece_that_gets_nothing_else_gets_the_token(path):
    """Without it, browsers are refused, and no test by Django's client notices."""
    for piece, given in re.findall(r'{% include "([^"]+)"([^%]*) only %}', path.read_text()):
        if "{% csrf_token %}" in (ROOT / "templates" / piece).read_text():
            assert "csrf_token=csrf_token" in given, piece


@pytest.mark.parametrize("path", sorted((ROOT / "static").rglob("*.css")), ids=lambda path: path.name)
def test_no_style_asks_whether_an_element_is_empty(path):
    """A template breaks lines, so an element without content holds white space; ask `:not(:has(*))`."""
    assert ":empty" not in path.read_text()


class Sample(forms.Form):
    name = forms.CharField(help_text="As people call it.")
    rule = forms.ChoiceField(widget=forms.RadioSelect, choices=[("a", "A"), ("b", "B")], help_text="Counts now.")
    agreed = forms.BooleanField(label="Agreed")
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def field(name, data):
    return render_to_string("components/_field.html", {"field": Sample(data)[name]})


@pytest.mark.parametrize("name", ["name", "rule", "agreed"])
def test_error_stands_beside_the_field_and_is_tied_to_it(name):
    html = field(name, {})
    named = re.search(r'aria-describedby="([^"]+)"', html).group(1).split()
    assert f"id_{name}_error" in named
    assert all(f'id="{target}"' in html for target in named)
    assert html.count("This field is required.") == 1
    assert 'aria-invalid="true"' in html


def test_what_was_typed_stays_and_no_error_shows_where_none_is():
    html = field("name", {"name": "Search & <ranking>"})
    assert 'value="Search &amp; &lt;ranking&gt;"' in html
    assert "_error" not in html
    assert "aria-invalid" not in html


def test_every_control_has_a_label():
    for name in ("name", "agreed"):
        assert f'<label for="id_{name}">' in field(name, {})
    assert re.search(r"<legend>\s*Rule", field("rule", {}))


def test_hidden_field_is_nothing_but_its_input():
    assert field("secret", {}).count("<") == 1


def rung(number, **marks):
    return {"number": number, "name": f"Level {number}", "step": number, **marks}


def test_ladder_shows_level_zero_and_marks_only_the_present_step():
    html = render_to_string(
        "components/_ladder.html", {"rungs": [rung(0, reached=True), rung(1, reached=True, now=True)]}
    )
    assert "<b>0</b>" in html
    assert html.count('aria-current="step"') == 1
    assert html.index("<b>1</b>") > html.index('aria-current="step"') > html.index("<b>0</b>")


@pytest.mark.parametrize(
    ("value", "said"), [(1, "▲ up 1"), (-2, "▼ down 2"), (0, "—unchanged"), (None, "–not comparable")]
)
def test_a_change_is_said_in_words_too(value, said):
    html = render_to_string("components/_delta.html", {"value": value})
    assert " ".join(re.sub(r"<[^>]*>", "", html).split()) == said


def radar_page(values):
    chart = charts.radar(["a", "b", "c", "d"], [("Now", "now", values)], scale=IndexScale.of_levels(range(5)))
    return render_to_string("components/_radar.html", {"chart": chart})


def test_a_radar_with_a_missing_value_is_not_filled():
    """The class wins over the attribute, so it is the class that has to take the fill away."""
    assert 'class="now open"' in radar_page([1, None, 2, 3])
    assert 'class="now"' in radar_page([1, 2, 2, 3])
    css = (ROOT / "static" / "css" / "components.css").read_text()
    rules = {selector: css.index(f"  {selector} {{\n") for selector in (".chart .open", ".chart .now")}
    assert css[rules[".chart .open"] :].split("}")[0].split() == [".chart", ".open", "{", "fill:", "none;"]
    assert rules[".chart .open"] > rules[".chart .now"]


STYLES = sorted((ROOT / "static" / "css").glob("*.css"))


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_styles_have_one_declaration_a_line_and_no_left_or_right(path):
    """Start and end turn round with the direction of the language; left and right would not."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert [line for line in text.splitlines() if line.count(";") > 1 or re.search(r"\{.*[;}]", line)] == []
    sided = r"(^|[-\s])(left|right)(-[a-z]+)?:|:[^;]*\b(left|right)\b"
    assert [line for line in text.splitlines() if re.search(sided, line)] == []


def test_charts_without_figures_say_so_in_a_sentence():
    for name in ("_radar", "_history"):
        html = render_to_string(f"components/{name}.html", {"chart": None})
        assert "<svg" not in html
        assert "</p>" in html


def test_a_page_says_which_language_it_is_in():
    with translation.override("de"):
        assert '<html lang="de">' in render_to_string("404.html")
    with translation.override("ar"):
        assert '<html lang="ar" dir="rtl">' in render_to_string("404.html")
    assert '<html lang="en">' in render_to_string("404.html")
