"""What all processes share for a short time: the table of Django's `DatabaseCache`."""

from typing import Self

from django.db import models
from django.utils import timezone


class CachedValueQuerySet(models.QuerySet["CachedValue"]):
    def ended(self) -> Self:
        return self.filter(expires__lt=timezone.now())


class CachedValue(models.Model):
    """A row of the default cache. Only Django's backend reads and writes it; backups leave it out."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    objects = CachedValueQuerySet.as_manager()

    def __str__(self) -> str:
        return f"until {self.expires:%F %T}"
