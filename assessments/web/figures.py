"""Figures as people read them, in the language of the page."""

from fractions import Fraction

from django.utils.translation import gettext as _

from .. import scoring


def percent(share: Fraction) -> str:
    """A share from 0 to 1, such as `67%`; 100% is said of all only, and 0% of none."""
    return _("{number}%").format(number=scoring.percent(share))
