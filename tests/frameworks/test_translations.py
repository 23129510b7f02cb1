"""Translations stand beside an edition: files, what is stale, and who reads which language."""

import csv
import datetime
import io
import json

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments import charts
from assessments.frameworks.format.files import FrameworkFileError
from assessments.frameworks.publishing import publish
from assessments.frameworks.storing import file_of
from assessments.frameworks.translating import Coverage, bring_file, file_of_translation
from assessments.frameworks.translation_file import reads_translation
from assessments.models import CriterionResult, Edition, Event, Framework, PartResult, Result, Translation
from assessments.models.framework_texts import FrameworkText, filled, fingerprint, joined, source_texts
from assessments.models.frameworks import published_contents, source_contents
from assessments.models.reading import FrameworkReader, accepted, normal, read_by
from assessments.models.translations import TextsChanged
from assessments.outbox.sending import send_waiting
from assessments.scoring import IndexScale
from assessments.templatetags import maturity
from assessments.web.drawings import radar_drawing
from assessments.web.spreadsheets import ExportForm
from assessments.web.tables import Book, Table

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db
STATEMENT = ("criteria", "x1", "statement")


def translate(edition: Edition, language: str = "de", *, checked: bool = True, only=None) -> Translation:
    """A translation of every text, or of those in `only`: each begins with the name of the language."""
    texts = {place: f"{language}: {text}" for place, text in source_texts(edition.source).items()}
    if only is not None:
        texts = {place: texts[place] for place in only}
    translation = Translation.objects.begin(edition, language, by=None).change(texts, seen={}, by=None)
    return translation.say_checked(True, seen=translation.revision, by=None) if checked else translation


def read(edition: Edition, *languages: str):
    with read_by(FrameworkReader(lambda: list(languages))):
        return published_contents(edition.pk)


def statement(edition: Edition, *languages: str) -> FrameworkText:
    return read(edition, *languages).criterion_by_key["x1"].statement


def test_a_reader_sees_their_language_where_it_is_checked():
    edition = toy.make_edition()
    translation = translate(edition, checked=False)
    own = statement(edition)
    assert own.lang == "en"
    assert statement(edition, "de") == own

    translation = translation.say_checked(True, seen=translation.revision, by=None)
    assert statement(edition, "de") == f"de: {own}"
    assert statement(edition, "de").lang == "de"
    assert statement(edition, "fr") == own

    translation.say_checked(False, seen=translation.revision, by=None)
    assert statement(edition, "de") == own


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        (["de-AT"], "de"),
        (["fr", "de"], "de"),
        (["en", "de"], "en"),
        (["de", "en"], "de"),
        (["en-GB", "de"], "en"),
        (["pt"], "pt-BR"),
        (["pt-PT"], "pt-BR"),
        (["ja"], "en"),
        ([], "en"),
    ],
)
def test_the_first_language_that_there_is_counts(wanted, seen):
    edition = toy.make_edition()
    translate(edition, "de")
    translate(edition, "pt-BR")
    assert statement(edition, *wanted).lang == seen


def test_every_text_is_translated_and_nothing_else_is_changed():
    edition = toy.make_edition()
    translate(edition)
    german, source = read(edition, "de"), source_contents(edition.pk)
    assert german.criterion_by_key["x1"].scale.by_code["F"].name.startswith("de: ")
    assert german.rules["largely"] == f"de: {source.rules['largely']}"
    assert german.rung_name(1) == f"de: {source.rung_name(1)}"
    assert german.dimensions[0].name.startswith("de: ")
    assert german.symptoms[0].statement.startswith("de: ")
    assert german.edition.name.startswith("de: ")
    assert [c.key for c in german.criteria] == [c.key for c in source.criteria]
    assert german.ladder == source.ladder
    with read_by(FrameworkReader(lambda: ["de"])):
        digests = {file_of(edition).digest, file_of(german.edition).digest}
    assert digests == {file_of(edition).digest}


def test_a_text_without_translation_stays_in_the_language_of_the_framework():
    edition = toy.make_edition(language="fr")
    translate(edition, only=[STATEMENT])
    german = read(edition, "de")
    assert german.criterion_by_key["x1"].statement.lang == "de"
    assert german.criterion_by_key["x2"].statement.lang == "fr"


def test_a_change_is_seen_at_once():
    """Another process has the texts in memory: what it keeps is found by the state of the translation."""
    edition = toy.make_edition()
    translation = translate(edition)
    assert statement(edition, "de").startswith("de: ")
    translation.change({STATEMENT: "Anders."}, seen={}, by=None)
    assert statement(edition, "de") == "Anders."
    translation.remove(by=None)
    assert statement(edition, "de").lang == "en"
    translation.remove(by=None)


def test_two_people_who_edit_the_same_text_meet_a_conflict_and_others_do_not():
    edition = toy.make_edition()
    translation = translate(edition)
    other = ("criteria", "x2", "statement")
    before = {place: fingerprint(text) for place, (_of, text) in translation.by_place().items()}
    translation.change({STATEMENT: "Eins."}, seen=before, by=None)
    translation.change({other: "Zwei."}, seen=before, by=None)
    with pytest.raises(TextsChanged) as conflict:
        translation.change({STATEMENT: "Anders.", other: "Drei."}, seen=before | {other: fingerprint("Zwei.")}, by=None)
    assert conflict.value.places == {STATEMENT}
    assert Translation.objects.get().by_place()[other].text == "Zwei."
    # The second click of a double click says what is stored.
    translation.change({STATEMENT: "Eins."}, seen=before, by=None)


def test_a_later_edition_takes_over_what_is_unchanged_and_lists_what_is_stale():
    admin = make_user(is_administrator=True)
    edition = toy.make_edition()
    translate(edition)
    draft = edition.make_draft(by=admin)
    x1 = draft.criteria.get(key="x1")
    draft.change(x1, by=admin, seen=x1.revision, statement="Something else.")
    draft.remove(draft.criteria.get(key="y4"), by=admin)
    newer = publish(draft, by=admin)

    coverage = Coverage.of(newer.translations.get())
    assert coverage.first_to_do()[0].place == STATEMENT
    assert coverage.stale == 1
    assert coverage.missing == 0
    assert ("criteria", "y4", "statement") not in coverage.translation.by_place()
    german = read(newer, "de").criterion_by_key
    assert german["x1"].statement == "Something else."
    assert german["x1"].statement.lang == "en"
    assert german["x2"].statement.lang == "de"
    # The one before is as it was.
    assert statement(edition, "de").lang == "de"


def test_a_skeleton_is_filled_in_and_comes_back(tmp_path, capsys):
    edition = toy.make_edition(key="toy")
    path = tmp_path / "de.yaml"
    call_command("export_framework", "toy", "--language", "de", "--output", str(path))
    text = path.read_text()
    source = str(source_contents(edition.pk).criterion_by_key["x1"].statement)
    assert f"digest: {edition.digest}" in text
    path.write_text(text.replace("text: ''", "text: Übersetzt", 1))
    capsys.readouterr()

    call_command("import_framework", str(path), "--dry-run")
    assert "1 texts in the file" in capsys.readouterr().out
    assert not Translation.objects.exists()
    call_command("import_framework", str(path), "--json")
    report = json.loads(capsys.readouterr().out)
    assert (report["texts"], report["stale"], report["checked"]) == (1, 0, False)
    call_command("import_framework", str(path), "--publish")
    translation = Translation.objects.get()
    assert translation.is_checked
    assert [text for _of, text in translation.by_place().values()] == ["Übersetzt"]
    assert file_of_translation(edition, "de").count("Übersetzt") == 1
    assert source in file_of_translation(edition, "de")
    assert Event.objects.filter(kind="translation.changed").count() == 1


def test_a_file_gives_back_what_it_was_written_from():
    edition = toy.make_edition(key="toy")
    translation = translate(edition)
    file = reads_translation(file_of_translation(edition, "de"), name="de.yaml")
    assert file.texts == translation.by_place()


def test_texts_of_an_earlier_edition_are_known_as_stale():
    edition = toy.make_edition(key="toy")
    content = {
        "format": 1,
        "translation": {"framework": "toy", "version": "0.9", "digest": "sha256:old", "language": "de"},
        "criteria": {
            "x1": {"statement": {"of": fingerprint("Once."), "text": "Einst."}},
            "x2": {"statement": {"source": str(read(edition).criterion_by_key["x2"].statement), "text": "Zwei."}},
            "gone": {"statement": {"of": "1", "text": "Weg."}},
        },
    }
    brought = bring_file(reads_translation(json.dumps(content), name="de.yaml"), edition, by=None)
    assert (brought.texts, brought.stale) == (2, 1)
    assert brought.unknown == ["criteria.gone.statement"]

    content["criteria"]["x1"]["statement"] = "Einst."
    with pytest.raises(FrameworkFileError, match="for another version"):
        bring_file(reads_translation(json.dumps(content), name="de.yaml"), edition, by=None)
    content["translation"]["digest"] = edition.digest
    bring_file(reads_translation(json.dumps(content), name="de.yaml"), edition, by=None)
    assert Coverage.of(Translation.objects.get()).stale == 0


def test_a_file_that_changes_something_has_to_be_checked_again():
    edition = toy.make_edition(key="toy")
    translate(edition)
    same = reads_translation(file_of_translation(edition, "de"), name="de.yaml")
    assert bring_file(same, edition, by=None).translation.is_checked
    changed = reads_translation(file_of_translation(edition, "de").replace("de: ", "xx: ", 1), name="de.yaml")
    assert not bring_file(changed, edition, by=None).translation.is_checked


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("format: 2\ntranslation: {framework: toy, language: de}", "this is not format 1"),
        ("format: 1\ntranslation: {framework: toy, language: '<script>'}", "not the name of a language"),
        ("format: 1\ntranslation: {framework: toy}", "this field is missing"),
        ("format: 1\ntranslation: [toy]", "a mapping is expected|mapping"),
        ("format: 1\ntranslation: {framework: toy, language: de}\ncriterion: {}", "no field 'criterion'"),
        ("format: 1\ntranslation: {framework: toy, language: de}\ncriteria: {x1: {statement: [a]}}", "text"),
        ("format: 1\ntranslation: {framework: toy, language: de}\ncriteria: [x1]", "mapping"),
        ('format: 1\ntranslation: {framework: toy, language: de}\ncriteria: {x1: {statement: "a\\0b"}}', "cannot be"),
        ("[]", "mapping"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(content, said):
    with pytest.raises(FrameworkFileError, match=said):
        reads_translation(content, name="de.yaml")


def test_a_file_for_another_framework_is_refused(tmp_path):
    path = tmp_path / "de.yaml"
    path.write_text("format: 1\ntranslation: {framework: nowhere, language: de}\n")
    with pytest.raises(CommandError, match="no framework “nowhere”"):
        call_command("import_framework", str(path))
    with pytest.raises(CommandError, match="not the name of a language"):
        call_command("export_framework", "toy", "--language", "German, please")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("DE", "de"),
        ("pt-br", "pt-BR"),
        ("zh-hans-cn", "zh-Hans-CN"),
        ("x", ""),
        ("", ""),
        ("de_AT", ""),
        ("a" * 30, ""),
    ],
)
def test_languages_are_written_as_usual(given, expected):
    assert normal(given) == expected


def test_the_languages_of_a_browser_are_read_in_their_order():
    assert accepted("fr;q=0.5, de-AT, *;q=0.1") == ["de-at", "fr"]
    assert accepted("%%%") == []


# ---------------------------------------------------------------------- the adviser

ADVISER = {
    "question": "How far should we go?",
    "principle": "As far as it pays.",
    "inputs": [{"key": "users", "type": "boolean", "ask": "Are there users?"}],
    "rules": [
        {"key": "A1", "when": {"users": True}, "level": 1, "why": "People rely on it."},
        {"key": "A2", "when": {}, "level": 2, "why": "In doubt, more."},
    ],
    "adjustments": [{"key": "M1", "when": {"users": True}, "at_least": 2, "why": "They would notice."}],
    "cautions": ["It is a rule of thumb.", "Ask again in a year."],
    "confirm": [{"level": 2, "ask": "We have looked at level 1."}],
}
ADVISER_PLACES = {
    ("adviser", "question"),
    ("adviser", "principle"),
    ("adviser", "cautions"),
    ("adviser", "inputs", "users", "ask"),
    ("adviser", "rules", "A1", "why"),
    ("adviser", "rules", "A2", "why"),
    ("adviser", "adjustments", "M1", "why"),
    ("adviser", "confirm", "2", "ask"),
}


def test_texts_of_the_adviser_are_translated_as_levels_and_criteria_are():
    edition = toy.make_edition(key="toy", blocks={"adviser": ADVISER}, language="fr")
    assert {place for place in source_texts(edition.source) if place[0] == "adviser"} == ADVISER_PLACES
    translation = translate(edition, only=ADVISER_PLACES)
    german, own = read(edition, "de").edition.blocks["adviser"], edition.source.edition.blocks["adviser"]
    assert german["question"] == "de: How far should we go?"
    assert german["inputs"][0]["ask"].lang == "de"
    assert german["cautions"] == ["de: It is a rule of thumb.", "Ask again in a year."]
    assert german["rules"][0]["when"] == {"users": True}
    assert own["question"].lang == "fr"

    file = file_of_translation(edition, "de")
    assert reads_translation(file, name="de.yaml").texts == translation.by_place()
    given = "  rules:\n    A1:\n      why:\n        source: People rely on it.\n"
    assert given in file[file.index("\nadviser:") :]


def test_the_page_of_a_framework_has_its_adviser_in_the_language_of_the_reader(client):
    client.force_login(make_user())
    edition = toy.make_edition(key="toy", blocks={"adviser": ADVISER}, language="fr")
    translate(edition, only=ADVISER_PLACES)
    page = f"{edition.get_absolute_url()}?users=yes"
    german = client.get(page, headers={"Accept-Language": "de"}).content.decode()
    for text in ("How far should we go?", "Are there users?", "People rely on it.", "We have looked at level 1."):
        assert f'<span lang="de" dir="auto">de: {text}</span>' in german
    assert '<span lang="fr" dir="auto">They would notice.</span>' in client.get(page).content.decode()


# ---------------------------------------------------------------------- files and mails


def test_files_name_the_language_of_each_row(client):
    lead = make_user()
    team = make_team()
    make_membership(user=lead, team=team, role="lead")
    french, english = toy.make_edition(language="fr"), toy.make_edition()
    toy.add_result(team=team, edition=french, date=datetime.date(2026, 1, 1))
    toy.add_result(team=team, edition=english, date=datetime.date(2026, 2, 1))
    translate(english, "de", only=[STATEMENT])
    client.force_login(lead)
    lead.change_own(reads_in="de")
    url = reverse("team-export", args=[team.pk])

    def languages(sheet: str, column: str) -> dict[str, set[str]]:
        text = b"".join(client.get(url, {"sheet": sheet})).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        by_value: dict[str, set[str]] = {}
        for row in rows:
            by_value.setdefault(row[column], set()).add(row["Language of the framework"])
        return by_value

    assert languages("results", "Date") == {"2026-01-01": {"fr"}, "2026-02-01": {"en"}}
    assert languages("criteria", "Key")["x1"] == {"fr", "de, en"}


@pytest.mark.parametrize(("reads_in", "named"), [("de", "de: Toy"), ("ja", "Toy"), ("", "Toy")])
def test_mails_name_a_framework_in_the_language_of_whoever_gets_them(reads_in, named, settings):
    settings.MAIL_ENABLED = True
    lead = make_user()
    team = make_team()
    make_membership(user=lead, team=team, role="lead")
    member = make_membership(team=team).user
    edition = toy.make_edition()
    translate(edition)
    member.change_own(reads_in=reads_in)
    toy.start(team=team, by=lead, edition=edition).invite(by=lead, members=[member], addresses=[])
    send_waiting()
    assert f"Framework: {named}\n" in mail.outbox[-1].body


# ---------------------------------------------------------------------- on pages


@pytest.fixture
def page():
    """A member of a team with an open assessment of a translated framework, and the page with the first dimension."""
    team, user = make_team(), make_user()
    make_membership(user=user, team=team, role="lead")
    edition = toy.make_edition()
    assessment = toy.start(team=team, by=user, edition=edition)
    client = Client()
    client.force_login(user)
    return client, user, edition, reverse("answer-dimension", args=[assessment.pk, "X"])


def test_the_questionnaire_follows_account_and_browser(page):
    client, user, edition, url = page
    own = str(source_contents(edition.pk).criterion_by_key["x1"].statement)
    english = client.get(url, headers={"Accept-Language": "de"})
    assert own in english.content.decode()
    assert "<span lang=" not in english.content.decode()
    assert "Accept-Language" in english["Vary"]

    translate(edition)
    german = client.get(url, headers={"Accept-Language": "de"}).content.decode()
    assert f'<span lang="de" dir="auto">de: {own}</span>' in german
    assert '<span lang="de"' not in client.get(url).content.decode()
    user.change_own(reads_in="de")
    assert '<span lang="de"' in client.get(url, headers={"Accept-Language": "fr"}).content.decode()
    user.change_own(reads_in="en")
    assert '<span lang="de"' not in client.get(url, headers={"Accept-Language": "de"}).content.decode()


def test_a_framework_in_another_language_is_announced_in_it(page):
    client, user, *_ = page
    team = make_team()
    make_membership(user=user, team=team, role="lead")
    edition = toy.make_edition(language="fr")
    assessment = toy.start(team=team, by=user, edition=edition)
    said = client.get(reverse("answer-dimension", args=[assessment.pk, "X"])).content.decode()
    statement = str(source_contents(edition.pk).criterion_by_key["x1"].statement)
    assert f'<span lang="fr" dir="auto">{statement}</span>' in said
    assert '<label title="Largely so." lang="fr" dir="auto">' in said


def test_what_can_hold_no_element_says_its_language_itself():
    """Options of a choice, and points of a radar, which are read out with the name of their dimension."""
    french = FrameworkText("Données", "fr")
    assert maturity.lang_attribute(french) == ' lang="fr" dir="auto"'
    scale = IndexScale.of_levels([0, 1, 2])
    drawn = charts.radar([french, "Data", "Tests"], [charts.RadarSeries("Now", "now", [1, 1, 2])], scale=scale)
    words = maturity.radar_words(drawn)
    assert '<g lang="fr" dir="auto" transform=' in words
    assert '<text lang="fr" dir="auto" x=' in words
    assert words.count("lang=") == 2


def test_a_sentence_knows_the_languages_of_the_texts_in_it():
    french = FrameworkText("Données & <plus>", "fr")
    inner = filled("{name} · level {number}", name=french, number=2)
    sentence = filled("{place}, {{not}} by {who}", place=inner, who="<Zoë>")
    assert sentence == "Données & <plus> · level 2, {not} by <Zoë>"
    assert maturity.lang(sentence) == (
        '<span lang="fr" dir="auto">Données &amp; &lt;plus&gt;</span> · level 2, {not} by &lt;Zoë&gt;'
    )
    assert maturity.lang(joined(", ", [french, "more"])).endswith("</span>, more")
    # An element that holds no other can say one language only.
    assert maturity.lang_attribute(sentence) == ""
    assert maturity.lang_attribute(filled("{number} {name}", number=1, name=french)) == ' lang="fr" dir="auto"'


def test_charts_as_files_say_the_language_of_names():
    scale = IndexScale.of_levels([0, 1, 2])
    axes = [FrameworkText("Données", "fr"), "Data", "Tests"]
    drawn = radar_drawing(charts.radar(axes, [charts.RadarSeries("Now", "now", [1, 1, 2])], scale=scale))
    assert drawn.content.count('lang="fr"') == 1
    assert 'lang="fr">Données</text>' in drawn.content


def test_a_name_of_a_framework_knows_its_language():
    edition = toy.make_edition(key="toy", language="fr")
    framework = Framework.objects.get(key="toy")
    assert (framework.title, framework.title.lang) == ("Toy", "fr")
    assert (edition.titled, edition.title.lang) == ("Toy 1.0.0", "fr")
    translate(edition)
    with read_by(FrameworkReader(lambda: ["de"])):
        assert framework.title == "de: Toy"
        assert Edition.objects.get().titled == "de: Toy 1.0.0"
    # A version in another language is published later.
    toy.make_edition(key="toy", version="2.0.0", language="it")
    assert framework.title.lang == "it"
    assert Framework.objects.create(key="new", name="New").title == "New"


def test_a_translation_costs_no_query(page, django_assert_num_queries):
    client, _user, edition, url = page
    translate(edition)
    german = {"Accept-Language": "de"}
    for headers in ({}, german):
        client.get(url, headers=headers)
    with django_assert_num_queries(count_of(client, url)):
        client.get(url)
    with django_assert_num_queries(count_of(client, url)):
        client.get(url, headers=german)


def count_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    return len(queries)


def test_hostile_text_comes_out_as_text(page):
    client, _user, edition, url = page
    hostile = "<script>alert(1)</script>\"'onload=x"
    texts = dict.fromkeys(source_texts(edition.source), hostile)
    translation = Translation.objects.begin(edition, "de", by=None).change(texts, seen={}, by=None)
    translation.say_checked(True, seen=translation.revision, by=None)
    said = client.get(url, headers={"Accept-Language": "de"}).content.decode()
    assert "<script>alert" not in said
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;" in said


def test_a_result_names_codes_and_keys_in_every_language():
    edition = toy.make_edition()
    translate(edition)
    with read_by(FrameworkReader(lambda: ["de"])):
        result = toy.add_result(team=make_team(), edition=edition, date=datetime.date(2026, 10, 14))
        assert result.level_name.startswith("de: ")
    rows = [Result.objects.values().get(), *PartResult.objects.values(), *CriterionResult.objects.values()]
    assert len(rows) > 8
    assert "de: " not in repr(rows)


def test_a_file_that_is_made_while_it_is_sent_is_for_the_same_reader():
    edition = toy.make_edition()
    translate(edition)
    rows = ([published_contents(edition.pk).criterion_by_key["x1"].statement] for _row in range(2))
    book = Book(name="texts", tables=[Table(title="Texts", head=["Text"], rows=rows)])
    with read_by(FrameworkReader(lambda: ["de"])):
        response = ExportForm({}).response(book)
    assert b"".join(response).decode().count("de: ") == 2


# ---------------------------------------------------------------------- translating in the browser


@pytest.fixture
def desk():
    """An administrator and the page on which a framework is translated into German."""
    admin = make_user(is_administrator=True)
    client = Client()
    client.force_login(admin)
    edition = toy.make_edition(key="toy")
    translation = Translation.objects.begin(edition, "de", by=admin)
    return client, edition, translation, reverse("translation", args=["toy", edition.pk, "de"])


def fields_of(translation: Translation, *places) -> dict:
    rows = {row.place: row for row in Coverage.of(Translation.objects.get(pk=translation.pk)).rows}
    shown = [rows[place] for place in places]
    return {f"was-{row.key}": fingerprint(row.text) for row in shown} | {row.key: row.text for row in shown}


def key_of(place) -> str:
    return fingerprint("/".join(place))


def test_a_language_is_begun_once(desk):
    client, edition, *_ = desk
    url = reverse("translations", args=["toy", edition.pk])
    for _click in range(2):
        assert client.post(url, {"language": "PT-br"})["Location"] == reverse(
            "translation", args=["toy", edition.pk, "pt-BR"]
        )
    assert edition.translations.filter(language="pt-BR").count() == 1
    for wrong in ("en", "no language", "<b>"):
        assert client.post(url, {"language": wrong}).status_code == 422
    assert "Deutsch" in client.get(url).content.decode()


def test_texts_are_translated_and_checked(desk):
    client, edition, translation, url = desk
    key = key_of(STATEMENT)
    assert client.post(url, fields_of(translation, STATEMENT) | {key: "Eins ist getan."}).status_code == 302
    stored = Translation.objects.get()
    assert stored.by_place()[STATEMENT].text == "Eins ist getan."
    checked = reverse("translation-check", args=["toy", edition.pk, "de"])
    assert client.post(checked, {"checked": "yes", "revision": 0}).status_code == 409
    client.post(checked, {"checked": "yes", "revision": stored.revision})
    assert statement(edition, "de") == "Eins ist getan."
    # What is edited here stays checked, and an empty text is the framework's own again.
    client.post(url, fields_of(translation, STATEMENT) | {key: ""})
    assert statement(edition, "de").lang == "en"
    assert Translation.objects.get().is_checked


def test_what_somebody_else_changed_is_shown_and_nothing_is_lost(desk):
    client, _edition, translation, url = desk
    page = fields_of(translation, STATEMENT)
    translation.change({STATEMENT: "Ihres."}, seen={}, by=None)
    mine = page | {key_of(STATEMENT): "Meines."}
    response = client.post(url, mine)
    assert response.status_code == 409
    said = response.content.decode()
    assert "Not saved." in said
    assert ">Meines.</textarea>" in said.replace("> ", ">").replace("\r\n", "")
    assert "Stored now: Ihres." in said
    assert Translation.objects.get().by_place()[STATEMENT].text == "Ihres."
    mine[f"was-{key_of(STATEMENT)}"] = fingerprint("Ihres.")
    assert client.post(url, mine).status_code == 302
    assert Translation.objects.get().by_place()[STATEMENT].text == "Meines."


def test_a_stale_text_counts_again_when_somebody_says_so(desk):
    client, _edition, translation, url = desk
    Translation.objects.filter(pk=translation.pk).update(texts=[[list(STATEMENT), "0", "Einst."]])
    page = fields_of(translation, STATEMENT)
    assert "It still fits the source" in client.get(url).content.decode()
    client.post(url, page)
    assert Coverage.of(Translation.objects.get()).stale == 1
    client.post(url, page | {f"fits-{key_of(STATEMENT)}": "on"})
    assert Coverage.of(Translation.objects.get()).stale == 0


def test_a_file_is_taken_up_and_down(desk):
    client, edition, _translation, _url = desk
    file = client.get(reverse("translation-file", args=["toy", edition.pk, "de"]))
    text = file.content.decode().replace("text: ''", "text: Übersetzt", 1)
    upload = reverse("translation-upload", args=["toy", edition.pk])
    sent = client.post(upload, {"file": SimpleUploadedFile("de.yaml", text.encode())})
    assert sent.status_code == 302
    assert Coverage.of(Translation.objects.get()).done == 1
    for wrong, why in (
        (b"format: 1\n", "mapping"),
        (b"a: [", "not YAML"),
        (text.encode().replace(b": toy", b": x"), "x"),
    ):
        response = client.post(upload, {"file": SimpleUploadedFile("de.yaml", wrong)})
        assert response.status_code == 422
        assert why in response.content.decode()
    assert client.post(upload, {}).status_code == 422


def test_a_text_that_cannot_be_stored_is_refused(desk):
    client, _edition, translation, url = desk
    page = fields_of(translation, STATEMENT)
    for wrong in ("a\x07b", "x" * 20_001):
        assert client.post(url, page | {key_of(STATEMENT): wrong}).status_code == 422
    assert Translation.objects.get().texts == []
