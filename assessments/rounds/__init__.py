"""Rounds: many teams assessed at once, followed on one page, and repeated."""
