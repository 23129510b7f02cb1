"""Who may sign in, asked when they do and again at each of their requests."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser

from ..models import User


class AccountBackend(ModelBackend):
    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        return isinstance(user, User) and user.may_sign_in
