"""Webhooks: what their pages change, and what was sent."""

import datetime
from collections.abc import Callable
from typing import Annotated, Literal
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from pydantic import Field

from ..models import Delivery, Refused, Team, Webhook
from ..permissions.access import get_team, get_webhook
from ..permissions.roles import Permission
from ..webhooks.addresses import LONGEST
from ..webhooks.forms import WebhookChangeForm, WebhookForm
from .reading import require_in_site, router
from .replies import AfterNumber, IdempotencyKey, Limit, PageJson, carried_out, page_of, require_unchanged
from .requests import WEBHOOKS, ApiRequest
from .schemas import Shown, Taken, WebhookJson
from .writing import saved, sent, valid

WebhookName = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00]*[^\x00-\x20][^\x00]*$")]
WebhookAddress = Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=r"^[^\x00-\x20]+$")]
Happenings = Annotated[list[Webhook.Happening], Field(min_length=1, max_length=len(Webhook.Happening))]
# In the description, kinds of parts would be called the same: a class is described under its own name alone.
WebhookKind = Literal["slack", "mattermost", "teams", "json"]
#: Told in the reply that made it, and kept nowhere else than with the webhook, encrypted.
SECRET = frozenset({"secret"})


class NewWebhook(Taken):
    """Where messages go. The address must be public and begin with https://, and is never shown again."""

    name: WebhookName
    kind: WebhookKind
    address: WebhookAddress
    happenings: Happenings


class WebhookChange(Taken):
    """What is not named stays as it is."""

    name: WebhookName | None = None
    address: WebhookAddress | None = None
    happenings: Happenings | None = None


class WebhookWithSecret(WebhookJson):
    """With what its messages are signed with, if that is new: it is shown this once."""

    secret: str | None

    @classmethod
    def telling(cls, webhook: Webhook, *, is_new: bool) -> "WebhookWithSecret":
        secret = webhook.secret() if is_new and webhook.is_for_programs else None
        return cls(**WebhookJson.of(webhook).model_dump(), secret=secret)


class DeliveryJson(Shown):
    """A message that was sent, or waits; `outcome` says how the last try ended."""

    id: int
    message_id: UUID
    happening: str
    at: datetime.datetime
    state: Delivery.State
    tries: int
    outcome: str
    status: int | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryJson":
        return cls(
            id=delivery.pk,
            message_id=delivery.message_id,
            happening=delivery.happening,
            at=delivery.at,
            state=Delivery.State(delivery.state),
            tries=delivery.tries,
            outcome=delivery.outcome,
            status=delivery.status,
        )


def _added(request: ApiRequest, body: NewWebhook, *, team: Team | None) -> HttpResponse:
    # The name of the host is looked up here, not within the transaction of the command.
    form = valid(WebhookForm(sent(body.model_dump(mode="json")), of_team=team is not None))

    def do() -> WebhookWithSecret:
        row = Webhook.objects.add(team=team, by=request.user, **form.values())
        return WebhookWithSecret.telling(row, is_new=True)

    return carried_out(request, do, status=201, location="/api/v1/webhooks/", shown_once=SECRET)


@router.post(
    "/webhooks",
    auth=WEBHOOKS,
    response={201: WebhookWithSecret},
    tags=["Webhooks"],
    summary="Add a webhook of the organisation",
)
def add_site_webhook(request: ApiRequest, body: NewWebhook, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Its messages are about every team. `secret` is null in the reply to a repeat."""
    require_in_site(request, Permission.MANAGE_SITE_WEBHOOKS)
    return _added(request, body, team=None)


@router.post(
    "/teams/{uuid:pk}/webhooks",
    auth=WEBHOOKS,
    response={201: WebhookWithSecret},
    tags=["Webhooks"],
    summary="Add a webhook of a team",
)
def add_team_webhook(
    request: ApiRequest, pk: UUID, body: NewWebhook, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    """`secret` is null in the reply to a repeat."""
    team, _may = get_team(request, pk, may=Permission.MANAGE_WEBHOOKS)
    return _added(request, body, team=team)


@router.patch(
    "/webhooks/{uuid:pk}", auth=WEBHOOKS, response=WebhookWithSecret, tags=["Webhooks"], summary="Change a webhook"
)
def change_webhook(
    request: ApiRequest, pk: UUID, body: WebhookChange, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    """A new address gets a new secret only if the old one cannot be read any more."""
    row, _may = get_webhook(request, pk)
    given = body.model_dump(mode="json", exclude_none=True)
    values = {"name": row.name, "happenings": list(row.happenings), "revision": row.revision} | given
    form = valid(WebhookChangeForm(sent(values), webhook=row))

    def do() -> WebhookWithSecret:
        require_unchanged(request, WebhookJson.of(row))
        changed = saved(form, lambda: row.change(by=request.user, seen=form.seen(), **form.values()))
        return WebhookWithSecret.telling(changed, is_new=changed.secret_encrypted != row.secret_encrypted)

    return carried_out(request, do, shown_once=SECRET)


@router.delete(
    "/webhooks/{uuid:pk}", auth=WEBHOOKS, response={204: None}, tags=["Webhooks"], summary="Delete a webhook"
)
def remove_webhook(request: ApiRequest, pk: UUID, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    row, _may = get_webhook(request, pk)

    def do() -> None:
        require_unchanged(request, WebhookJson.of(row))
        row.remove(by=request.user)

    return carried_out(request, do)


def _done(request: ApiRequest, pk: UUID, command: Callable[[Webhook], object]) -> HttpResponse:
    row, _may = get_webhook(request, pk)

    def do() -> WebhookJson:
        command(row)
        return WebhookJson.of(Webhook.objects.get(pk=row.pk))

    return carried_out(request, do)


@router.post(
    "/webhooks/{uuid:pk}/off", auth=WEBHOOKS, response=WebhookJson, tags=["Webhooks"], summary="Switch a webhook off"
)
def turn_webhook_off(request: ApiRequest, pk: UUID, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """What is queued for it is not sent."""
    return _done(request, pk, lambda row: row.turn_off(Webhook.Off.BY_HAND, by=request.user))


@router.post(
    "/webhooks/{uuid:pk}/on", auth=WEBHOOKS, response=WebhookJson, tags=["Webhooks"], summary="Switch a webhook on"
)
def turn_webhook_on(request: ApiRequest, pk: UUID, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    def turn_on(row: Webhook) -> None:
        if not (row.is_on or row.can_be_switched_on):
            raise Refused(_("Its address cannot be read any more. Change it and enter the address again."))
        row.turn_on(by=request.user)

    return _done(request, pk, turn_on)


@router.post(
    "/webhooks/{uuid:pk}/test", auth=WEBHOOKS, response=WebhookJson, tags=["Webhooks"], summary="Send a test message"
)
def send_test(request: ApiRequest, pk: UUID, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    return _done(request, pk, lambda row: row.test(by=request.user))


@router.get(
    "/webhooks/{uuid:pk}/deliveries",
    response=PageJson[DeliveryJson],
    tags=["Webhooks"],
    summary="What was sent to a webhook",
)
def deliveries(request: ApiRequest, pk: UUID, limit: Limit = 50, after: AfterNumber = None) -> HttpResponse:
    row, _may = get_webhook(request, pk)
    return page_of(request, row.deliveries.all(), limit=limit, after=after, item=DeliveryJson.of)


@router.post(
    "/webhooks/{uuid:pk}/deliveries/{int:delivery}/again",
    auth=WEBHOOKS,
    response=WebhookJson,
    tags=["Webhooks"],
    summary="Send a message again",
)
def send_again(request: ApiRequest, pk: UUID, delivery: int, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Under its old `message_id`, by which the receiver knows what it has already."""
    row, _may = get_webhook(request, pk)
    sent_before = row.deliveries.filter(pk=delivery).first()
    if sent_before is None:
        raise Http404
    return _done(request, pk, lambda webhook: webhook.send_again(sent_before, by=request.user))
