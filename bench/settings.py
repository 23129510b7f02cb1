"""The product's settings with a few bare views beside it, as a floor to measure against."""

from maturity.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
