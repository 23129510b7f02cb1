"""The step between showing who one is and being signed in: the second factor, or setting one up if one is needed."""

from allauth.account.stages import LoginStage, LoginStageController
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ..models import User
from ..models.second_factors import SecondFactors, is_needed_by
from .proofs import has_shown_second_factor


class SecondFactorStage(LoginStage):
    key = "second-factor"
    urlname = "second-factor"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        person = self.person
        if has_shown_second_factor(self.request, person):
            return None, True
        # A new password, or more rights, ends this sign-in as it ends sessions.
        self.state["account"] = person.get_session_auth_hash()
        if SecondFactors(person).exist():
            return redirect("second-factor"), True
        if is_needed_by(person):
            return redirect("two-factor-app"), True
        return None, True

    @property
    def person(self) -> User:
        person = self.login.user
        assert isinstance(person, User)
        return person

    @property
    def is_current(self) -> bool:
        """Whether the person may still sign in, and nothing about the account has changed."""
        person = self.login.user
        return (
            isinstance(person, User)
            and person.may_sign_in
            and self.state.get("account") == person.get_session_auth_hash()
        )


def waiting_stage(request: HttpRequest) -> SecondFactorStage | None:
    """The step at which this browser waits; None if nobody is about to sign in here."""
    stage = LoginStageController.enter(request, SecondFactorStage.key)
    if isinstance(stage, SecondFactorStage) and stage.is_current:
        return stage
    return None
