"""The site: settings, middleware and the start of the addresses."""

#: The version of the product, as in pyproject.toml.
__version__ = "0.1.0"
