"""Whether an account may sign in, checked on signing in and again at each request."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser

from ..models import User


class AccountBackend(ModelBackend):
    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        return isinstance(user, User) and user.may_sign_in
