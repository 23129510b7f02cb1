"""How many made-up examples a property is tried on."""

import os

from hypothesis import settings

# How long an example takes says how busy the machine is.
settings.register_profile("without a deadline", deadline=None)
settings.load_profile("without a deadline")

#: `make check` tries a tenth.
QUICK = os.environ.get("QUICK", "") not in {"", "0"}


def examples(count: int, **options) -> settings:
    """The decorator that tries a property on so many examples, or on a tenth of them in the quick loop."""
    return settings(max_examples=max(10, count // 10) if QUICK else count, **options)
