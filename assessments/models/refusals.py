"""Why a command does not do what was asked. Each refusal carries the sentence that people read."""


class Refused(Exception):
    """What was asked cannot be done as things are; str() is the sentence to show."""


class AccountChanged(Refused):
    """The password or the rights of an account are others than those of which it was decided."""

    def __init__(self) -> None:
        super().__init__(
            "The password or the rights of this account were changed a moment ago, so the new password is not stored. "
            "Sign in again."
        )


class PersonGone(Refused):
    """Somebody whom this is by or about has been erased."""

    def __init__(self) -> None:
        super().__init__("An account that this belongs to has been deleted meanwhile, so nothing is stored.")
