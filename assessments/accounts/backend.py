"""Whether an account may sign in, checked on signing in and again at each request."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser

from ..models import Installation, User
from ..models.installation import learn


class AccountBackend(ModelBackend):
    def get_user(self, user_id: Any) -> User | None:
        """The person of a session. What each request needs to know besides comes with the same query."""
        people = User.objects.annotate(installation_generation=Installation.objects.generations())
        user = people.filter(pk=user_id).order_by().first()
        if user is None or not self.user_can_authenticate(user):
            return None
        learn(user.installation_generation)
        return user

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        return isinstance(user, User) and user.may_sign_in
