"""What a delivery says: a title, a sentence or two and a link for chats, the same as fields for programs.

Never in it: names of people, answers, comments, who or how many take part. Of a result, only its level.
"""

import base64
import binascii
import datetime
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import Assessment, Delivery, Edition, Result, Round, RoundTeam, Team, Webhook
from ..models.frameworks import published_contents
from ..web.dates import day


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, whatever it is sent as. `data` is for programs."""

    text: str
    url: str
    data: dict[str, Any]


def message_of(delivery: Delivery) -> Message | None:
    """What it says now; None if there is nothing to say any more."""
    if delivery.is_test:
        return Message(
            text=_("Maturity can send messages here: this is a test of the webhook “{name}”.").format(
                name=delivery.webhook.name
            ),
            url=settings.SITE_URL + delivery.webhook.get_absolute_url(),
            data={},
        )
    if delivery.happening == Webhook.Happening.ROUND_STARTED:
        return _round_started(delivery.facts)
    team = delivery.team
    if team is None:
        return None
    if delivery.happening == Webhook.Happening.OVERDUE:
        return _overdue(team, delivery.facts)
    assessment = delivery.assessment
    if assessment is None:
        return None
    if delivery.happening == Webhook.Happening.CLOSED:
        return _closed(team, assessment, delivery.result) if delivery.result else None
    if not assessment.is_open:
        return None
    if delivery.happening == Webhook.Happening.DUE_SOON:
        # The date may have been moved.
        return _due_soon(team, assessment) if _day(assessment.due) == delivery.facts.get("due") else None
    return None if _is_told_by_its_round(delivery, assessment) else _opened(team, assessment)


def _is_told_by_its_round(delivery: Delivery, assessment: Assessment) -> bool:
    """Whether a chat has heard of the round that this assessment is part of: one message for all its teams."""
    webhook = delivery.webhook
    hears_of_rounds = not webhook.is_for_programs and Webhook.Happening.ROUND_STARTED in webhook.happenings
    return hears_of_rounds and RoundTeam.objects.filter(assessment=assessment).exists()


def _opened(team: Team, assessment: Assessment) -> Message:
    values = {"team": team.name, "framework": assessment.edition.name}
    if assessment.due:
        sentence = _("{team}: an assessment with {framework} is open. Answers are due on {due}.")
        text = sentence.format(**values, due=day(assessment.due))
    else:
        text = _("{team}: an assessment with {framework} is open.").format(**values)
    return _of_assessment(text, team, assessment)


def _due_soon(team: Team, assessment: Assessment) -> Message:
    sentence = _("{team}: answers for the assessment with {framework} are due on {due}.")
    due = day(assessment.due) if assessment.due else ""
    text = sentence.format(team=team.name, framework=assessment.edition.name, due=due)
    return _of_assessment(text, team, assessment)


def _closed(team: Team, assessment: Assessment, result: Result) -> Message:
    values = {"team": team.name, "framework": assessment.edition.name, "level": level_in_words(result)}
    text = _("{team}: the result of the assessment with {framework} is there: {level}.").format(**values)
    message = _of_assessment(text, team, assessment, url=settings.SITE_URL + result.get_absolute_url())
    level = None if result.level is None else {"number": result.level, "name": result.level_name}
    message.data["result"] = {"id": str(result.pk), "date": _day(result.date), "level": level}
    return message


def level_in_words(result: Result) -> str:
    """The level as a badge says it: the number and how many there are, or the name of a band."""
    contents = published_contents(result.edition_id)
    if result.level is None:
        return _("no level")
    if contents.edition.uses_levels:
        return _("level {number} of {top}").format(number=result.level, top=contents.top)
    return contents.rung_name(result.level)


def _overdue(team: Team, facts: Mapping[str, Any]) -> Message:
    count, due = int(facts["count"]), datetime.date.fromisoformat(facts["due"])
    sentence = ngettext(
        "{team}: an action is overdue, since {due}.", "{team}: {count} actions are overdue, since {due}.", count
    )
    return Message(
        text=sentence.format(team=team.name, count=count, due=day(due)),
        url=settings.SITE_URL + reverse("team-roadmap", args=[team.pk]),
        data={"team": _team(team), "actions": {"count": count, "due": _day(due)}},
    )


def _round_started(facts: Mapping[str, Any]) -> Message | None:
    started = Round.objects.select_related("edition__framework").filter(pk=facts["round"]).first()
    if started is None:
        return None
    count = int(facts["teams"])
    sentence = ngettext(
        "The round “{round}” with {framework} is started for {count} team. Answers are due on {due}.",
        "The round “{round}” with {framework} is started for {count} teams. Answers are due on {due}.",
        count,
    )
    values = {"round": started.name, "framework": started.edition.name, "count": count, "due": day(started.due)}
    about = {"id": str(started.pk), "name": started.name, "due": _day(started.due), "teams": count}
    data = {"round": about, "framework": _framework(started.edition)}
    return Message(text=sentence.format(**values), url=settings.SITE_URL + started.get_absolute_url(), data=data)


def _framework(edition: Edition) -> dict[str, str]:
    """Its name is in its own language, whoever caused the message."""
    return {
        "key": edition.framework.key,
        "name": edition.name,
        "version": edition.version,
        "language": edition.language,
    }


def _of_assessment(text: str, team: Team, assessment: Assessment, *, url: str = "") -> Message:
    about = {"id": str(assessment.pk), "date": _day(assessment.date), "due": _day(assessment.due)}
    data = {"team": _team(team), "assessment": about, "framework": _framework(assessment.edition)}
    return Message(text=text, url=url or settings.SITE_URL + assessment.get_absolute_url(), data=data)


def _team(team: Team) -> dict[str, str]:
    return {"id": str(team.pk), "name": team.name}


def _day(date: datetime.date | None) -> str | None:
    return date.isoformat() if date else None


# ------------------------------------------------------------------ as each receiver wants it


def body_of(delivery: Delivery, message: Message) -> bytes:
    """The body of the POST: the same for each try, unless a name was changed in between."""
    makers = {
        Webhook.Kind.SLACK: _slack,
        Webhook.Kind.MATTERMOST: _mattermost,
        Webhook.Kind.TEAMS: _teams,
    }
    maker = makers.get(Webhook.Kind(delivery.webhook.kind))
    payload = maker(message) if maker else _json(delivery, message)
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _slack(message: Message) -> dict[str, Any]:
    return {"text": f"{escaped_for_slack(message.text)}\n{escaped_for_slack(message.url)}"}


def _mattermost(message: Message) -> dict[str, Any]:
    return {"text": f"{escaped_for_mattermost(message.text)}\n{message.url}"}


def escaped_for_slack(text: str) -> str:
    """Nothing in it is a link or calls anybody: these three characters begin both."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escaped_for_mattermost(text: str) -> str:
    """The same in Markdown; a mention is broken by a character that is not seen."""
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|~:-])", r"\\\1", escaped_for_slack(text))
    return escaped.replace("@", "@\u2060")


def _teams(message: Message) -> dict[str, Any]:
    """For a workflow “When a Teams webhook request is received”. A text run is shown as it is, without Markdown."""
    block = {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": message.text}]}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [block],
        "actions": [{"type": "Action.OpenUrl", "title": _("Open Maturity"), "url": message.url}],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _json(delivery: Delivery, message: Message) -> dict[str, Any]:
    at = delivery.at.astimezone(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    data = {**message.data, "text": message.text, "url": message.url}
    return {"type": delivery.happening, "timestamp": at, "data": data}


def headers_of(delivery: Delivery, body: bytes, *, now: datetime.datetime) -> dict[str, str]:
    """Of a signed message, as Standard Webhooks has it (standardwebhooks.com); of others none."""
    webhook = delivery.webhook
    if not webhook.is_for_programs:
        return {}
    identity, timestamp = f"msg_{delivery.message_id.hex}", str(int(now.timestamp()))
    signed = f"{identity}.{timestamp}.".encode() + body
    signature = hmac.new(_key(webhook.secret()), signed, hashlib.sha256).digest()
    return {
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("no secret of a webhook") from error
