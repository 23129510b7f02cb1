"""SCIM 2.0 for directories: people and groups of an organisation, by a key of an administrator."""

import json
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from ..api.bodies import is_storable, read_json
from ..api.problems import ApiProblem
from ..api.requests import ApiRequest, KeyAuth
from ..models import ApiKey, NameTaken, ProvisionedGroup, ProvisionedMember, ProvisionedPerson, Refused, User
from ..models.accounts import is_email, signs_in_elsewhere
from ..permissions import roles
from ..permissions.roles import Permission
from . import about
from . import groups as group_resources
from . import people as person_resources
from .errors import CONTENT_TYPE, PREFIX, ScimError
from .filters import Equals, parse_filter, unknown_filter
from .groups import as_id
from .patches import changes_of

P = ParamSpec("P")
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_AUTH = KeyAuth(ApiKey.Scope.SCIM)


def scim(*methods: str) -> Callable[..., Callable[Concatenate[ApiRequest, P], HttpResponse]]:
    """A view for directories: lets in keys with the scope, takes these methods, and tells errors as SCIM does.

    Whatever the groups of a directory give follows once the command is stored.
    """

    def decorate(
        view: Callable[Concatenate[ApiRequest, P], HttpResponse],
    ) -> Callable[Concatenate[ApiRequest, P], HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def answer(request: ApiRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                if request.method not in methods:
                    raise ScimError(405, headers={"Allow": ", ".join(methods)})
                _let_in(request)
                response = view(request, *args, **kwargs)
                if request.method != "GET":
                    ProvisionedPerson.objects.follow(by=request.user)
                return response
            except ScimError as error:
                return error.response
            except ApiProblem as problem:
                return ScimError(problem.status, problem.detail, headers=problem.headers).response
            except NameTaken as taken:
                return ScimError(409, str(taken), kind="uniqueness").response
            except Refused as refused:
                return ScimError(409, str(refused)).response

        return answer

    return decorate


def _let_in(request: ApiRequest) -> None:
    """Raises ScimError unless the request has a key with the scope, of an administrator."""
    if _AUTH(request) is None:
        raise ScimError(401, headers={"WWW-Authenticate": "Bearer"})
    if not roles.may_in_site(is_administrator=request.user.is_administrator, action=Permission.MANAGE_ACCOUNTS):
        raise ScimError(403)


# ---------------------------------------------------------------------- replies


def _base() -> str:
    return f"{settings.SITE_URL}{PREFIX}v2"


def _reply(request: ApiRequest, resource: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A resource, without the attributes that the request leaves out."""
    content = json.dumps(_chosen(request, resource), ensure_ascii=False)
    response = HttpResponse(content, status=status, content_type=CONTENT_TYPE)
    if "location" in resource.get("meta", {}) and status == 201:
        response.headers["Location"] = resource["meta"]["location"]
    return response


def _chosen(request: ApiRequest, resource: dict[str, Any]) -> dict[str, Any]:
    only, without = (_names(request, name) for name in ("attributes", "excludedAttributes"))
    if only:
        return {name: value for name, value in resource.items() if name.lower() in only | {"id", "schemas"}}
    return {name: value for name, value in resource.items() if name.lower() not in without - {"id", "schemas"}}


def _names(request: ApiRequest, parameter: str) -> set[str]:
    """Names of attributes in a parameter, in small letters; of `name.givenName` the first part."""
    return {name.strip().lower().split(".")[0] for name in request.GET.get(parameter, "").split(",") if name.strip()}


def _listed(request: ApiRequest, resources: list[dict[str, Any]], *, total: int, first: int = 1) -> HttpResponse:
    content = {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": first,
        "itemsPerPage": len(resources),
        "Resources": [_chosen(request, resource) for resource in resources],
    }
    return HttpResponse(json.dumps(content, ensure_ascii=False), content_type=CONTENT_TYPE)


def _page(
    request: ApiRequest,
    rows: QuerySet[Any],
    as_resource: Callable[[Any], dict[str, Any]],
    *,
    fetch: Callable[[QuerySet[Any]], list[Any]] = list,
) -> HttpResponse:
    """The part of a list that `startIndex`, which begins at 1, and `count` name; `fetch` reads what it shows."""
    first = max(1, _number(request, "startIndex", 1))
    count = min(about.MOST, max(0, _number(request, "count", about.USUAL)))
    page = fetch(rows[first - 1 : first - 1 + count]) if count else []
    return _listed(request, [as_resource(row) for row in page], total=rows.count(), first=first)


def _number(request: ApiRequest, name: str, usual: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return usual
    try:
        # Nothing here has so many entries.
        return max(-1, min(int(text[:20]), 2**31))
    except ValueError:
        sentence = _("“{name}” has to be a number.").format(name=name)
        raise ScimError(400, sentence, kind="invalidValue") from None


def _body(request: ApiRequest) -> Any:
    try:
        return read_json(request.body)
    except (ValueError, RecursionError):
        raise ScimError(400, kind="invalidSyntax") from None


def _conditions(request: ApiRequest, known: Callable[[Equals], Q]) -> Q:
    text = request.GET.get("filter", "").strip()
    condition = Q()
    for one in parse_filter(text) if text else []:
        condition &= known(one)
    return condition


def _is_text(value: Any) -> bool:
    """Whether anything that is stored can be equal to it."""
    return isinstance(value, str) and is_storable(value)


def _equal(field: str, value: Any) -> Q:
    """A condition of texts that are compared as they are; nothing has another value."""
    return Q(**{field: value}) if _is_text(value) else Q(pk=None)


def _same_id(field: str, value: Any) -> Q:
    """What is no id of ours is nobody's."""
    known = as_id(value)
    return Q(**{field: known}) if known else Q(pk=None)


# ---------------------------------------------------------------------- people


def _person_condition(condition: Equals) -> Q:
    name, value = condition.name, condition.value
    if name == "active":
        return Q(is_active=value) if isinstance(value, bool) else Q(pk=None)
    if name == "id":
        return _same_id("pk", value)
    if name == "externalid":
        return _equal("provisioned__external_id", value)
    if not _is_text(value):
        return Q(pk=None)
    if name == "username":
        return Q(pk__in=ProvisionedPerson.objects.with_user_name(value))
    if name in {"emails", "emails.value"}:
        return Q(is_email("email", value))
    if name == "displayname":
        return Q(name=value)
    raise unknown_filter()


def _people() -> "QuerySet[User]":
    """With all that a resource shows."""
    groups = Prefetch("provisioned_groups", ProvisionedMember.objects.select_related("group").order_by("pk"))
    return ProvisionedPerson.objects.accounts().select_related("provisioned").prefetch_related(groups).order_by("pk")


def _person(pk: str) -> User:
    person = _people().filter(_same_id("pk", pk)).first()
    if person is None:
        raise ScimError(404)
    return person


def _person_resource(person: User) -> dict[str, Any]:
    return person_resources.as_resource(person, location=f"{_base()}/Users/{person.pk}")


@scim("GET", "POST")
def users(request: ApiRequest) -> HttpResponse:
    if request.method == "GET":
        return _page(request, _people().filter(_conditions(request, _person_condition)), _person_resource)
    person = ProvisionedPerson.objects.add(person_resources.details_of(_body(request)), by=request.user)
    if person.may_sign_in and person.lacks_password and not signs_in_elsewhere():
        # As when somebody is added on a page: a mail, if there are mails. The link is shown to nobody here.
        person.hand_over_link(shown_to=request.user)
    return _reply(request, _person_resource(_person(str(person.pk))), status=201)


@scim("GET", "PUT", "PATCH", "DELETE")
def user(request: ApiRequest, pk: str) -> HttpResponse:
    person = _person(pk)
    if request.method == "DELETE":
        ProvisionedPerson.give_up(person, by=request.user)
        return HttpResponse(status=204)
    if request.method != "GET":
        body = _body(request)
        is_patch = request.method == "PATCH"
        details = person_resources.patched(person, changes_of(body)) if is_patch else person_resources.details_of(body)
        ProvisionedPerson.change(person, details, by=request.user)
        person = _person(pk)
    return _reply(request, _person_resource(person))


# ---------------------------------------------------------------------- groups


def _group_condition(condition: Equals) -> Q:
    name, value = condition.name, condition.value
    if name == "id":
        return _same_id("pk", value)
    if name in {"members", "members.value"}:
        return _same_id("members__user", value)
    if name == "externalid":
        return _equal("external_id", value)
    if name == "displayname":
        return Q(is_email("name", value)) if _is_text(value) else Q(pk=None)
    raise unknown_filter()


def _group(pk: str) -> ProvisionedGroup:
    group = ProvisionedGroup.objects.filter(_same_id("pk", pk)).first()
    if group is None:
        raise ScimError(404)
    return group


def _wants_members(request: ApiRequest) -> bool:
    only = _names(request, "attributes")
    return "members" in only if only else "members" not in _names(request, "excludedAttributes")


def _group_resource(group: ProvisionedGroup, *, with_members: bool) -> dict[str, Any]:
    """What is told of a group, whose members have been fetched if they are."""
    location = f"{_base()}/Groups/{group.pk}"
    return group_resources.as_resource(group, location=location, with_members=with_members)


def _changed_group(request: ApiRequest, group: ProvisionedGroup, *, status: int = 200) -> HttpResponse:
    """The answer to a command that is carried out: without members if those are too many to list."""
    wants = _wants_members(request) and group.members.count() <= group_resources.MOST_LISTED
    if wants:
        group_resources.fetch_members([group])
    return _reply(request, _group_resource(group, with_members=wants), status=status)


@scim("GET", "POST")
def groups(request: ApiRequest) -> HttpResponse:
    if request.method == "GET":
        rows = ProvisionedGroup.objects.filter(_conditions(request, _group_condition)).order_by("pk")
        wants = _wants_members(request)
        fetch = group_resources.fetch_members if wants else list
        return _page(request, rows, partial(_group_resource, with_members=wants), fetch=fetch)
    new = group_resources.whole_group(_body(request))
    people = {person for step in new.steps for person in step.people}
    group = ProvisionedGroup.objects.add(
        name=new.name or "", external_id=new.external_id or "", people=people, by=request.user
    )
    return _changed_group(request, group, status=201)


@scim("GET", "PUT", "PATCH", "DELETE")
def group(request: ApiRequest, pk: str) -> HttpResponse:
    found = _group(pk)
    if request.method == "DELETE":
        found.remove(by=request.user)
        return HttpResponse(status=204)
    if request.method == "GET":
        wants = _wants_members(request)
        if wants:
            group_resources.fetch_members([found])
        return _reply(request, _group_resource(found, with_members=wants))
    body = _body(request)
    is_patch = request.method == "PATCH"
    change = group_resources.patched(changes_of(body)) if is_patch else group_resources.whole_group(body)
    found.change(by=request.user, name=change.name, external_id=change.external_id, steps=change.steps)
    if is_patch:
        # A group may have thousands of members, and a directory that adds one does not ask for all of them.
        return HttpResponse(status=204)
    return _changed_group(request, _group(pk))


# ---------------------------------------------------------------------- about the service


@scim("GET")
def provider_config(request: ApiRequest) -> HttpResponse:
    return _reply(request, about.provider_config(_base()))


@scim("GET")
def resource_types(request: ApiRequest) -> HttpResponse:
    types = about.resource_types(_base())
    return _listed(request, types, total=len(types))


@scim("GET")
def resource_type(request: ApiRequest, name: str) -> HttpResponse:
    return _reply(request, _named(about.resource_types(_base()), name))


@scim("GET")
def schemas(request: ApiRequest) -> HttpResponse:
    known = about.schemas(_base())
    return _listed(request, known, total=len(known))


@scim("GET")
def schema(request: ApiRequest, name: str) -> HttpResponse:
    return _reply(request, _named(about.schemas(_base()), name))


def _named(resources: list[dict[str, Any]], name: str) -> dict[str, Any]:
    found = next((resource for resource in resources if resource["id"].lower() == name.lower()), None)
    if found is None:
        raise ScimError(404)
    return found
