from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.urls import register_converter

from .web.url_converters import AdviceConverter, KeyConverter, KindConverter


class AssessmentsConfig(AppConfig):
    name = "assessments"
    default = True

    def ready(self) -> None:
        register_converter(KeyConverter, "key")
        register_converter(KindConverter, "kind")
        register_converter(AdviceConverter, "advice")
        pre_migrate.connect(thaw_for_migration, sender=self)
        post_migrate.connect(freeze_after_migration, sender=self)


def thaw_for_migration(using: str, plan: Any = (), **kwargs: Any) -> None:
    """SQLite cannot rebuild tables with these triggers. The command `migrate` keeps all of it in one transaction."""
    from django.db import connections

    from .models import standings
    from .models.edition_triggers import thaw

    if plan and connections[using].vendor == "sqlite":
        thaw(using)
        standings.remove(using)


def freeze_after_migration(using: str, **kwargs: Any) -> None:
    """Sets the triggers up if the tables are there; `migrate assessments zero` leaves none."""
    from django.db import connections

    from .models import Edition, standings
    from .models.edition_triggers import freeze

    if Edition._meta.db_table in connections[using].introspection.table_names():
        freeze(using)
        standings.install(using)
