"""Questions are kept between pages: everyone still sees their own answers, and what has happened since."""

import datetime
import re
from collections.abc import Callable

import pytest
from django.core.cache import caches
from django.test import Client, override_settings
from django.urls import reverse

from assessments.models import Translation
from assessments.models.answering import Answer
from assessments.models.framework_texts import source_texts
from assessments.questionnaire.kept_pieces import KeptPieces

from .. import toy
from ..evidence import making
from ..factories import make_membership, make_team, make_user
from ..kept import KEPT_IN_MEMORY, NOTHING_KEPT
from ..pseudo_language import pseudo_language

pytestmark = pytest.mark.django_db

#: Of what happens to the `World`.
ALSO_IN_ANOTHER_LANGUAGE = ("nothing", "commented", "another page done", "ended")
PASSING = re.compile(rb'name="(csrfmiddlewaretoken|page)" value="[^"]*"')


def pieces() -> list[bytes]:
    """All that is kept of pages."""
    return [piece for name in KEPT_IN_MEMORY for piece in caches[name]._cache.values()]


def read(client: Client, address: str) -> bytes:
    response = client.get(address)
    assert response.status_code == 200, address
    return PASSING.sub(b"", response.content)


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def drawn_anew(client: Client, address: str) -> bytes:
    """The page as it is on a server that keeps nothing."""
    with override_settings(CACHES=NOTHING_KEPT):
        return read(client, address)


def pages_of(assessment, *, token="") -> list[str]:
    """The addresses of all pages of questions."""
    name, of = ("guest-answer-dimension", token) if token else ("answer-dimension", assessment.pk)
    return [reverse(name, args=[of, dimension.key]) for dimension in assessment.edition.contents.dimensions]


def test_each_person_sees_the_own_answers_beside_what_is_kept(team, lead):
    member = make_membership(team=team).user
    assessment = toy.start(team=team, by=lead)
    toy.rate(assessment, lead, "F F L N F F P N")
    toy.rate(assessment, member, "N DK NA P N F - N")
    of_lead, of_member = browser(lead), browser(member)
    for dimension, address in zip(assessment.edition.contents.dimensions, pages_of(assessment), strict=True):
        kept = [read(client, address) for client in (of_lead, of_member, of_lead)]
        anew = [drawn_anew(client, address) for client in (of_lead, of_member)]
        assert kept == [anew[0], anew[1], anew[0]]
        assert anew[0].count(b" checked") == len(dimension.asked)


class World:
    """Assessments of all kinds about one framework, and everyone who answers in them.

    With a last result, with hints that come late, without either, and anonymous by link.
    """

    def __init__(self, team, lead) -> None:
        self.edition = making.make_edition()
        self.team, self.lead = team, lead
        self.member = make_membership(team=team).user
        self.other_team, self.late_team, self.anonymous_team = (make_team() for _ in range(3))
        self.other, self.late, self.anonymous_lead = (
            make_membership(team=of, role="lead").user for of in (self.other_team, self.late_team, self.anonymous_team)
        )
        anonymous_member = make_membership(team=self.anonymous_team).user
        for of in (team, self.late_team):
            toy.add_result(team=of, edition=self.edition, date=datetime.date(2026, 1, 1), codes="F P L N F F P N")
        self.known = self.start(team, lead)
        self.without = self.start(self.other_team, self.other)
        self.hiding = self.start(self.late_team, self.late, hides_hints=True)
        self.anonymous = self.start(self.anonymous_team, self.anonymous_lead, anonymous=True)
        people = (self.anonymous_lead, anonymous_member)
        self.guests = [toy.member_by_link(self.anonymous, person) for person in people]
        self.outsider = toy.guest(self.known, email="guest@toy.example")
        self.sequence = 0
        readers = [(self.known, lead), (self.known, self.member), (self.without, self.other), (self.hiding, self.late)]
        self.seen = [(browser(user), pages_of(assessment)) for assessment, user in readers]
        self.seen += [(Client(), pages_of(self.anonymous, token=who.token)) for who in self.guests]
        self.seen.append((Client(), pages_of(self.known, token=self.outsider.token)))

    def start(self, team, by, **terms):
        return toy.start(team=team, by=by, edition=self.edition, **terms)

    def save(self, assessment, who, code, *, key="x1", **said) -> None:
        criterion = self.edition.contents.criterion_by_key[key]
        respondent = assessment.respondents.of(who, anonymous=assessment.anonymous).first()
        stored = respondent and respondent.ratings.filter(criterion=criterion).first()
        self.sequence += 1
        mark = toy.mark(sequence=self.sequence, version=stored.version if stored else 0)
        assessment.save_rating(by=who, criterion=criterion, answer=Answer(code=code, **said), mark=mark)

    def translate(self) -> None:
        texts = {place: f"de: {text}" for place, text in source_texts(self.edition.source).items()}
        translation = Translation.objects.begin(self.edition, "de", by=None).change(texts, seen={}, by=None)
        translation.say_checked(True, seen=translation.revision, by=None)
        self.lead.change_own(reads_in="de")

    def happens(self) -> dict[str, Callable[[], object]]:
        """What happens one after the other."""
        known, without, hiding, anonymous = self.known, self.without, self.hiding, self.anonymous
        guest = self.guests[0]
        return {
            "nothing": lambda: None,
            "answered": lambda: self.save(known, self.lead, "F"),
            "same answer by another": lambda: self.save(known, self.member, "F"),
            "same answer elsewhere": lambda: self.save(without, self.other, "F"),
            "answered where hints come late": lambda: self.save(hiding, self.late, "F"),
            "answered by link": lambda: self.save(known, self.outsider, "N", key="x2"),
            "answered anonymously": lambda: self.save(anonymous, guest, "P"),
            "said anonymously": lambda: self.save(anonymous, guest, "P", comment="Between us."),
            "answered anew": lambda: self.save(known, self.lead, "N"),
            "commented": lambda: self.save(known, self.lead, "N", comment="Between us."),
            "does not apply": lambda: self.save(known, self.member, "NA", reason="Not here."),
            "shown": lambda: self.save(known, self.lead, "N", evidence="https://example.org/between-us"),
            "taken back in part": lambda: self.save(known, self.lead, "N"),
            "taken back": lambda: self.save(known, self.lead, ""),
            "another page done": lambda: [self.save(known, self.lead, "L", key=key) for key in ("y1", "y2", "y3")],
            "shortcuts off": lambda: self.other.change_own(keyboard_shortcuts=False),
            "another result": lambda: toy.add_result(
                team=self.other_team, edition=self.edition, date=datetime.date(2026, 2, 1)
            ),
            "changed result": lambda: toy.add_result(
                team=self.team, edition=self.edition, date=datetime.date(2026, 3, 1), codes="N N N N N N N N"
            ),
            "read in another language": self.translate,
            "checked": lambda: making.push(self.team, self.edition, making.fact("x2", "passed"), by=make_user()),
            "ended": lambda: known.end_answering(by=self.lead),
            "closed": lambda: known.close(by=self.lead),
            "ended where hints come late": lambda: hiding.end_answering(by=self.late),
        }

    def differences(self) -> list[str]:
        """Addresses of pages that do not read as on a server that keeps nothing."""
        return [
            address
            for client, addresses in self.seen
            for address in addresses
            if read(client, address) != drawn_anew(client, address)
        ]


@pytest.mark.slow
def test_whatever_happens_pages_are_as_if_nothing_were_kept(team, lead):
    """Nor is anything kept that somebody wrote, who they are, or their link."""
    world = World(team, lead)
    own = [b"etween us", b"etween-us", b"Not here", *(who.token.encode() for who in (*world.guests, world.outsider))]
    for person in (world.lead, world.member, world.other, world.late):
        own += [person.name.encode(), person.email.encode(), str(person.pk).encode()]
    for name, happen in world.happens().items():
        happen()
        assert world.differences() == [], name
        if name in ALSO_IN_ANOTHER_LANGUAGE:
            with pseudo_language():
                assert world.differences() == [], name
        assert pieces()
        assert [word for word in own if any(word in piece for piece in pieces())] == [], name


def test_what_somebody_wrote_is_on_their_page_only(team, lead):
    assessment = toy.start(team=team, by=lead)
    criterion = assessment.edition.contents.criteria[0]
    answer = Answer(code="F", comment="Between us.")
    assessment.save_rating(by=lead, criterion=criterion, answer=answer, mark=toy.mark())
    assert b"Between us." in read(browser(lead), pages_of(assessment)[0])
    assert pieces()
    assert not [piece for piece in pieces() if b"Between us." in piece]


def test_a_page_is_kept_whole_only_while_nothing_on_it_is_answered(team, lead, monkeypatch):
    assessment = toy.start(team=team, by=lead)
    member = make_membership(team=team).user
    address = pages_of(assessment)[0]
    of_member = browser(member)
    for client in (browser(lead), of_member):
        read(client, address)
    assert len(caches["question_pages"]._cache) == 1

    # Whoever comes next is shown the same piece, and no question is looked at by itself.
    with monkeypatch.context() as patched:
        patched.setattr(KeptPieces, "questions", property(lambda pieces: pytest.fail("drawn again")))
        read(of_member, address)

    toy.rate(assessment, member, "F - - - - - - -")
    read(of_member, address)
    assert len(caches["question_pages"]._cache) == 1
