"""People as SCIM writes them, and what a directory says of them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..models import PersonDetails, ProvisionedPerson, User
from ..models.names import plain_name
from .errors import invalid_value
from .patches import PatchChange, value_of

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
#: The kind of the one email that is known of everybody.
WORK = "work"
LONGEST = {"user_name": 254, "external_id": 255, "name": 120, "given_name": 120, "family_name": 120}


def row_of(person: User) -> ProvisionedPerson:
    """What the directory calls somebody; a row that is not stored, if it has not linked them yet."""
    row: ProvisionedPerson | None = getattr(person, "provisioned", None)
    return row or ProvisionedPerson(user=person, user_name=person.email)


def as_resource(person: User, *, location: str) -> dict[str, Any]:
    """A person as SCIM writes them; `groups` are prefetched or read."""
    row = row_of(person)
    resource: dict[str, Any] = {
        "schemas": [SCHEMA],
        "id": str(person.pk),
        "userName": row.user_name,
        "displayName": person.name,
        "name": {"formatted": person.name, "givenName": row.given_name, "familyName": row.family_name},
        "active": person.is_active,
        "emails": [{"value": person.email, "type": WORK, "primary": True}],
        "groups": [
            {"value": str(membership.group_id), "display": membership.group.name}
            for membership in person.provisioned_groups.all()
        ],
        "meta": {"resourceType": "User", "created": person.joined_at.isoformat(), "location": location},
    }
    if row.external_id:
        resource["externalId"] = row.external_id
    return resource


def details_of(body: Any) -> PersonDetails:
    """What the body of a POST or PUT says of somebody. Raises ScimError for what cannot be stored."""
    if not isinstance(body, dict):
        raise invalid_value(_("The body has to be an object."))
    names = value_of(body, "name")
    names = names if isinstance(names, dict) else {}
    user_name = _text(value_of(body, "userName"))
    given, family = _text(value_of(names, "givenName")), _text(value_of(names, "familyName"))
    name = _text(value_of(body, "displayName")) or _text(value_of(names, "formatted")) or f"{given} {family}".strip()
    active = value_of(body, "active")
    return _checked(
        PersonDetails(
            user_name=user_name,
            email=_email_of(value_of(body, "emails")) or user_name,
            is_active=True if active is None else _switch(active),
            external_id=_text(value_of(body, "externalId")),
            name=name,
            given_name=given,
            family_name=family,
        )
    )


def patched(person: User, changes: list[PatchChange]) -> PersonDetails:
    """What is known of somebody, with these changes. Raises ScimError for what cannot be stored."""
    row = row_of(person)
    before = {
        "username": row.user_name,
        "externalid": row.external_id,
        "displayname": person.name,
        "name.formatted": person.name,
        "name.givenname": row.given_name,
        "name.familyname": row.family_name,
    }
    texts = dict(before)
    email = person.email
    # What is in force is no answer: an administrator may have deactivated somebody whom the directory lets in.
    is_active: bool | None = None
    for change in changes:
        is_removed = change.kind == "remove"
        if change.name in texts:
            texts[change.name] = "" if is_removed else _text(change.value)
        elif change.name == "active" and not is_removed:
            is_active = _switch(change.value)
        elif change.name in {"emails", "emails.value"} and not is_removed and _is_the_email(change.chosen):
            email = _email_of(change.value) or email
    return _checked(
        PersonDetails(
            user_name=texts["username"],
            email=email,
            is_active=is_active,
            external_id=texts["externalid"],
            name=_name_of(before, texts),
            given_name=texts["name.givenname"],
            family_name=texts["name.familyname"],
        )
    )


def _name_of(before: dict[str, str], texts: dict[str, str]) -> str:
    """The name that people read: a new one, or one of new parts, or the one of before."""
    for whole in ("displayname", "name.formatted"):
        if texts[whole] != before[whole]:
            return texts[whole]
    parts = ("name.givenname", "name.familyname")
    if any(texts[part] != before[part] for part in parts):
        return " ".join(texts[part] for part in parts if texts[part])
    return texts["displayname"]


def _is_the_email(chosen: dict[str, Any]) -> bool:
    """Whether words in brackets mean the one email that is known."""
    return not chosen or chosen.get("type") == WORK or chosen.get("primary") is True


def _email_of(value: Any) -> str:
    """The email in a list of emails, one of them or a text: the primary one, else the one at work, else the first."""
    emails = [
        one if isinstance(one, dict) else {"value": one} for one in (value if isinstance(value, list) else [value])
    ]
    emails.sort(key=lambda one: (value_of(one, "primary") is not True, value_of(one, "type") != WORK))
    found = (_text(value_of(one, "value")) for one in emails)
    return next((email for email in found if email), "")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid_value(_("A text is expected where something else stands."))
    return plain_name(value)


def _switch(value: Any) -> bool:
    """True or false, which Entra may write as a word."""
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise invalid_value(_("“active” has to be true or false."))
    return value


def _checked(details: PersonDetails) -> PersonDetails:
    if not details.user_name:
        raise invalid_value(_("“userName” is missing."))
    for field, longest in LONGEST.items():
        text = getattr(details, field)
        if len(text) > longest:
            raise invalid_value(_("“{text}…” is too long.").format(text=text[:40]))
    try:
        User._meta.get_field("email").run_validators(details.email)
    except ValidationError as error:
        sentence = _("No email: send one in “emails”, or as “userName”.")
        raise invalid_value(f"{sentence} {' '.join(error.messages)}") from error
    return details
