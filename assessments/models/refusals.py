"""Why a command refuses to do something. Each refusal carries the sentence that people read."""

from django.utils.translation import gettext as _


class Refused(Exception):
    """The command cannot be carried out as things are; str() is the sentence to show."""


class AccountChanged(Refused):
    """The password or the rights of an account changed after it was read."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The password or the rights of this account changed a moment ago, so the new password was not saved. "
                "Sign in again."
            )
        )


class PersonGone(Refused):
    """A person involved in the command has been erased."""

    def __init__(self) -> None:
        super().__init__(_("An account involved in this was deleted, so nothing was saved."))
