"""Log lines without what may be a secret: links to set a password or to answer carry their token in the path."""

import logging
import re

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def without_secrets(path: str) -> str:
    """The path with every long part but UUIDs left out."""
    return "/".join("…" if len(part) > 23 and not UUID.fullmatch(part) else part for part in path.split("/"))


class WithoutSecrets(logging.Filter):
    """For Django's own lines about requests, which name the path."""

    def filter(self, record):
        if record.name.startswith("django") and isinstance(record.args, tuple):
            record.args = tuple(
                without_secrets(each) if isinstance(each, str) and each.startswith("/") else each
                for each in record.args
            )
        return True
