"""Outcome figures of a team month by month, beside its levels: what is measured, entering it, drawing it."""
