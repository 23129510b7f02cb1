"""How keys and parts of a framework stand in addresses."""


class KeyConverter:
    """The key of a dimension or criterion, as `frameworks.fields.Key` admits it."""

    regex = r"[A-Za-z0-9][A-Za-z0-9._-]*"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class AdviceConverter:
    """What the adviser of a draft is made of and the editor has pages for."""

    regex = "inputs|rules|adjustments"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class KindConverter:
    """What a draft is made of and the editor has pages for."""

    regex = "level|group|dimension|scale|criterion|symptom"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
