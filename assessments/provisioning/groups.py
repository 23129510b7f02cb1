"""Groups as SCIM writes them, and who is in them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from ..models import MemberStep, ProvisionedGroup, ProvisionedMember
from ..models.names import plain_name
from .errors import ScimError, invalid_value, too_large, too_many
from .patches import PatchChange, value_of

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
LONGEST_NAME = 200
LONGEST_ID = 255
#: Members that one request names, and members that one answer lists.
MOST_NAMED = 20_000
MOST_LISTED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChange:
    """What changes in a group; None stays as it is."""

    name: str | None = None
    external_id: str | None = None
    steps: list[MemberStep] = field(default_factory=list)


def as_resource(group: ProvisionedGroup, *, location: str, with_members: bool) -> dict[str, Any]:
    """A group as SCIM writes it; its members have been fetched by `fetch_members`."""
    resource: dict[str, Any] = {
        "schemas": [SCHEMA],
        "id": str(group.pk),
        "displayName": group.name,
        "meta": {"resourceType": "Group", "created": group.made_at.isoformat(), "location": location},
    }
    if group.external_id:
        resource["externalId"] = group.external_id
    if with_members:
        resource["members"] = [
            {"value": str(row.user_id), "display": str(row.user), "type": "User"} for row in group.members.all()
        ]
    return resource


def fetch_members(groups: Iterable[ProvisionedGroup]) -> list[ProvisionedGroup]:
    """The same groups with their members, by one query. Raises ScimError if these are more than one answer lists."""
    listed = list(groups)
    if ProvisionedMember.objects.filter(group__in=listed)[: MOST_LISTED + 1].count() > MOST_LISTED:
        sentence = _("More than {most} members: ask for fewer groups, or with “excludedAttributes=members”.")
        raise too_many(sentence.format(most=MOST_LISTED))
    members = ProvisionedMember.objects.select_related("user").order_by("pk")
    prefetch_related_objects(listed, Prefetch("members", members))
    return listed


def whole_group(body: Any) -> GroupChange:
    """What the body of a POST or PUT says of a group. Members that it does not name stay as they are."""
    if not isinstance(body, dict):
        raise invalid_value(_("The body has to be an object."))
    steps = []
    if isinstance(members := value_of(body, "members"), list):
        steps = [MemberStep(kind=MemberStep.REPLACE, people=_people(members))]
    name, external_id = _name(value_of(body, "displayName")), _id(value_of(body, "externalId"))
    return GroupChange(name=name, external_id=external_id, steps=steps)


def patched(changes: list[PatchChange]) -> GroupChange:
    """What the changes of a PATCH make of a group. Who has no account is passed over."""
    name = external_id = None
    steps: list[MemberStep] = []
    for change in changes:
        if change.name == "displayname" and change.kind != "remove":
            name = _name(change.value)
        elif change.name == "externalid":
            external_id = "" if change.kind == "remove" else _id(change.value)
        elif change.name == "members":
            steps.append(_step(change))
    if sum(len(step.people) for step in steps) > MOST_NAMED:
        raise _too_many_named()
    return GroupChange(name=name, external_id=external_id, steps=steps)


def _step(change: PatchChange) -> MemberStep:
    if change.kind != "remove":
        return MemberStep(kind=change.kind, people=_people(change.value))
    if "value" in change.chosen:
        return MemberStep(kind=MemberStep.REMOVE, people=_people(change.chosen["value"]))
    if change.value is None and not change.chosen:
        # Everybody.
        return MemberStep(kind=MemberStep.REPLACE, people=frozenset())
    return MemberStep(kind=MemberStep.REMOVE, people=_people(change.value))


def _people(value: Any) -> frozenset[UUID]:
    """Ids of accounts in a list of members, one of them or a text. What is no id of ours means nobody."""
    members = value if isinstance(value, list) else [value]
    if len(members) > MOST_NAMED:
        raise _too_many_named()
    ids = (value_of(one, "value") if isinstance(one, dict) else one for one in members)
    return frozenset(pk for pk in map(as_id, ids) if pk is not None)


def _too_many_named() -> ScimError:
    return too_large(_("More than {most} members in one request: send them in several.").format(most=MOST_NAMED))


def as_id(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _name(value: Any) -> str:
    name = plain_name(value) if isinstance(value, str) else ""
    if not name or len(name) > LONGEST_NAME:
        raise invalid_value(_("“displayName” has to be a text of 1 to {most} letters.").format(most=LONGEST_NAME))
    return name


def _id(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_ID:
        raise invalid_value(_("“externalId” has to be a text of up to {most} letters.").format(most=LONGEST_ID))
    return value
