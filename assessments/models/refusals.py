"""Why a command does not do what was asked. Each refusal carries the sentence that people read."""


class Refused(Exception):
    """What was asked cannot be done as things are; str() is the sentence to show."""


class PersonGone(Refused):
    """Somebody whom this is by or about has been erased."""

    def __init__(self) -> None:
        super().__init__("An account that this belongs to has been deleted meanwhile, so nothing is stored.")
