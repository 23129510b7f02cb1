"""Everything that is stored about one person, as a ZIP of JSON files for them to take along."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet
from django.utils import timezone

from ..models import (
    Action,
    AdviserAnswers,
    AgreedRating,
    ApiKey,
    Assessment,
    Badge,
    BrowserSession,
    CalendarFeed,
    Event,
    HistoryImport,
    Identity,
    Invitation,
    Issue,
    Mail,
    MailStop,
    Measurement,
    Membership,
    OutsideInvitation,
    Participation,
    ProvisionedMember,
    ProvisionedPerson,
    Rating,
    Reopening,
    Result,
    RoomVote,
    Round,
    SetbackReason,
    ShareLink,
    SymptomAnswer,
    Target,
    Tracker,
    User,
    Webhook,
)
from ..models.accounts import is_email
from ..models.writing import writing

ABOUT = """\
What this installation of Maturity stores about you, one file for each kind of thing.

- Answers that you gave in anonymous assessments are not here. Nobody can find them, because nothing links them to you.
- Passwords, and the secret parts of links, calendars and second factors, are not here: only their hashes are stored,
  or they are encrypted.
- Names of other people are not here.
"""
ABOUT_FOR_OTHERS = """\
What this installation of Maturity stores about a person, one file for each kind of thing, without what administrators
do not see: answers, comments, notes, reasons, plans, figures, whether they took part, and where they are signed in.
Only the person can download these, on the page of their own account.

- Answers in anonymous assessments are not here either. Nobody can find them.
- Passwords and the secret parts of links are not here.
- Names of other people are not here.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalRows:
    """One kind of rows about a person: the name of its file, how they are found, and what is given out of each.

    `fields` are names in the file, with the lookup of each.
    """

    name: str
    rows: Callable[[User], "QuerySet[Any]"]
    fields: dict[str, str]

    def of(self, person: User) -> list[dict[str, Any]]:
        rows = self.rows(person).order_by("pk").values_list(*self.fields.values())
        return [dict(zip(self.fields, row, strict=True)) for row in rows]


def _held(name: str, model: type[Model], field: str, fields: dict[str, str]) -> PersonalRows:
    """Rows in which a column holds the person."""
    return PersonalRows(name=name, rows=lambda person: model._default_manager.filter(**{field: person}), fields=fields)


def _emailed(name: str, model: type[Model], field: str, fields: dict[str, str]) -> PersonalRows:
    """Rows in which a column holds the person's email."""
    rows = model._default_manager
    return PersonalRows(name=name, rows=lambda person: rows.filter(is_email(field, person.email)), fields=fields)


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_WHERE = {"team": "assessment__team__name", "assessment": "assessment", "date": "assessment__date"}
_TEAM = {"team": "team__name", "framework": "framework__key"}
_CRITERION = {"criterion": "criterion__key", "statement": "criterion__statement"}
_ANSWER = (
    _WHERE
    | _CRITERION
    | {"kind": "answer", "code": "choice__code", "choice": "choice__name"}
    | _same("reason", "comment", "evidence", "saved_at")
)
_SYMPTOM = {
    "team": "respondent__assessment__team__name",
    "assessment": "respondent__assessment",
    "symptom": "symptom__statement",
    "agrees": "agrees",
}
_MAIL = {"team": "team__name"} | _same("kind", "state", "day", "done_on")
_ENTRY = {"team": "team__name", "assessment": "assessment"} | _same("kind", "at", "data")
#: Entries that say who took part.
SUBMITTED = "assessment.submitted"
_INVITED = _WHERE | _same("email", "name", "expires_on", "revoked_on")


def _entries(person: User) -> "QuerySet[Event]":
    """What the person did, as the journal has it."""
    return Event.objects.filter(actor=person)


def _mails_caused(person: User) -> "QuerySet[Mail]":
    """Mails that went out because the person did something.

    Not reminders in an anonymous assessment: their number is that of the people who had not submitted.
    """
    return Mail.objects.filter(by=person).exclude(kind__in=Mail.REMINDERS, assessment__anonymous=True)


_OF_A_KEY = ("name", "start", "scopes", "networks", "made_on", "expires_on", "last_used_on", "revoked_on")


#: What administrators see elsewhere too: who there is, who is asked, and what was done when.
_ADMINISTRATIVE = [
    PersonalRows(
        name="account",
        rows=lambda person: User.objects.filter(pk=person.pk),
        fields=_same(
            *(
                "id",
                "email",
                "name",
                "is_active",
                "is_locked",
                "left_directory",
                "is_administrator",
                "administers_by_group",
                "is_confirmed",
                "is_demo",
            ),
            *("keyboard_shortcuts", "reads_in", "joined_at", "last_login", "home_seen_at", "home_seen_before"),
        ),
    ),
    _held("identities", Identity, "user", _same("issuer", "subject", "groups", "used_on")),
    _held("provisioned", ProvisionedPerson, "user", _same("user_name", "external_id", "given_name", "family_name")),
    _held("provisioned-groups", ProvisionedMember, "user", {"group": "group__name"}),
    _held("memberships", Membership, "user", {"team": "team__name", "unit": "unit__name"} | _same("role", "source")),
    _emailed("invitations-by-email", Invitation, "email", _INVITED),
    _emailed(
        "invitations-from-outside",
        OutsideInvitation,
        "email",
        {"team": "view__assessment__team__name"} | _same("email", "expires_on", "revoked_on"),
    ),
    _held("assessments-started", Assessment, "created_by", {"team": "team__name"} | _same("id", "date")),
    _held("assessments-led", Assessment, "facilitator", {"team": "team__name"} | _same("id", "date")),
    _held("results-closed", Result, "closed_by", {"team": "team__name"} | _same("id", "date")),
    _held("invited", Invitation, "created_by", _WHERE),
    _held("rounds-started", Round, "started_by", {"unit": "unit__name", "name": "name"}),
    _held("rounds-drafted", Round, "drafted_by", {"unit": "unit__name", "name": "name"}),
    _held(
        "links-to-reports",
        ShareLink,
        "made_by",
        {"team": "result__team__name", "unit": "unit__name"}
        | _same("made_on", "expires_on", "revoked_on", "opened", "last_opened_on"),
    ),
    _held("badges", Badge, "made_by", _TEAM | _same("made_on", "revoked_on")),
    _held("calendars", CalendarFeed, "user", _same("made_on", "revoked_on", "last_read_on")),
    _held("api-keys", ApiKey, "owner", _same(*_OF_A_KEY)),
    _held(
        "second-factors",
        Authenticator,
        "user",
        {"kind": "type", "name": "data__name"} | _same("created_at", "last_used_at"),
    ),
    _held("assessments-imported", HistoryImport, "by", _same("name", "at")),
    _held("webhooks", Webhook, "made_by", {"team": "team__name"} | _same("name", "made_on")),
    _held("tokens-of-issue-trackers", Tracker, "token_by", {"team": "team__name"} | _same("kind", "token_on")),
    # Where a mail went if not to the present email: to one of before, which was the person's.
    _held("mails", Mail, "user", _MAIL | _same("to")),
    PersonalRows(name="mails-caused", rows=_mails_caused, fields=_MAIL),
    _held("mails-switched-off", MailStop, "user", _same("topic")),
    PersonalRows(name="journal", rows=lambda person: _entries(person).exclude(kind=SUBMITTED), fields=_ENTRY),
]
#: Answers, words, whether somebody took part, and where they are signed in.
_PERSONAL = [
    _held("sessions", BrowserSession, "user", _same("begun_at", "used_at", "browser", "system", "network")),
    PersonalRows(name="journal-submitted", rows=lambda person: _entries(person).filter(kind=SUBMITTED), fields=_ENTRY),
    # A member of the team has one in an anonymous assessment once they took their personal link.
    _held("invitations", Invitation, "user", _INVITED),
    _held("taking-part", Participation, "user", _WHERE | {"state": "state"}),
    _held("taking-part-by-link", Participation, "invitation__user", _WHERE | {"state": "state"}),
    _held("mails-of-assessments", Mail, "participation__user", _MAIL),
    _held("answers", Rating, "respondent__user", _ANSWER),
    _held("symptoms", SymptomAnswer, "respondent__user", _SYMPTOM),
    _held("votes-in-live-rooms", RoomVote, "respondent__user", _WHERE | _CRITERION | _same("round", "code")),
    _held(
        "agreed-ratings",
        AgreedRating,
        "by",
        _WHERE | _CRITERION | {"code": "choice__code"} | _same("keeps_median", "reason", "note"),
    ),
    _held("messages", Assessment, "created_by", {"team": "team__name"} | _same("id", "date", "message")),
    _held("messages-of-rounds", Round, "started_by", {"unit": "unit__name"} | _same("name", "message")),
    _held("reopened", Reopening, "by", _WHERE | {"reason": "reason"}),
    _held("setbacks-explained", SetbackReason, "by", {"team": "result__team__name"} | _same("text", "at")),
    _held("targets", Target, "set_by", _TEAM | _same("dimension", "level", "due", "why", "set_at")),
    _held("actions-owned", Action, "owner", _TEAM | _same("criterion", "text", "due", "status", "reason", "link")),
    _held(
        "actions-planned",
        Action,
        "created_by",
        _TEAM | _same("criterion", "text", "due", "status", "link", "created_at"),
    ),
    _held("issues-asked-for", Issue, "asked_by", {"team": "action__team__name"} | _same("created_link")),
    _held("figures", Measurement, "by", _TEAM | _same("metric", "month", "value", "source", "link", "at")),
    _held("adviser-answers", AdviserAnswers, "by", _TEAM | _same("answers", "at")),
]

#: What the owner of the email did by links, without this account. Only for an owner who has shown that it is theirs.
_BY_LINK = [
    _emailed("taking-part-by-email", Participation, "invitation__email", _WHERE | {"state": "state"}),
    _emailed("answers-by-email", Rating, "respondent__invitation__email", _ANSWER),
    _emailed("symptoms-by-email", SymptomAnswer, "respondent__invitation__email", _SYMPTOM),
]


def everything_about(person: User, *, for_the_person: bool) -> dict[str, list[dict[str, Any]]]:
    """The rows about a person by the names of their kinds; kinds without rows are there, and empty."""
    kinds = list(_ADMINISTRATIVE)
    if for_the_person:
        kinds += _PERSONAL
    if for_the_person and person.is_confirmed:
        kinds += _BY_LINK
    return {kind.name: kind.of(person) for kind in kinds}


def export(person: User, *, by: User) -> bytes:
    """The ZIP. What administrators do not see is only in what people export about themselves. Writes one event."""
    is_own = person == by
    with writing(by):
        files = everything_about(person, for_the_person=is_own)
        Event.record("account.exported", by=by, person=str(person.pk))
    sink = io.BytesIO()
    now = timezone.localtime().timetuple()[:6]
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("README.txt", now), ABOUT if is_own else ABOUT_FOR_OTHERS)
        for name, rows in files.items():
            text = json.dumps(rows, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
            archive.writestr(zipfile.ZipInfo(f"{name}.json", now), text + "\n", zipfile.ZIP_DEFLATED)
    return sink.getvalue()
