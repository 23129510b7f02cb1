"""Whether an account may sign in, checked on signing in and again at each request."""

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser

from ..models import Installation, User
from ..models.built_once import BuiltOnce
from ..models.installation import learn

_generation = Installation.objects.generations
_PERSON = BuiltOnce(
    lambda pk: User.objects.filter(pk=pk).annotate(installation_generation=_generation()).order_by(), UUID
)


class AccountBackend(ModelBackend):
    def get_user(self, user_id: Any) -> User | None:
        """The person of a session. What each request needs to know besides comes with the same query."""
        user = _PERSON.first(user_id)
        if user is None or not self.user_can_authenticate(user):
            return None
        learn(user.installation_generation)
        return user

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        return isinstance(user, User) and user.may_sign_in
