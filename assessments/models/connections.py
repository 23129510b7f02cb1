"""What stands between this program and its database."""

from django.db.backends.base.base import BaseDatabaseWrapper


def is_behind_pooler(connection: BaseDatabaseWrapper) -> bool:
    """Whether each transaction may have another connection of the server, so that nothing can be set for longer."""
    return bool(connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"))
