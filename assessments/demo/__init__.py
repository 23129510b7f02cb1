"""A made-up organisation with two years of history, for looking around and for trying things out."""
