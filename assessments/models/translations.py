"""Translations of editions. They stand beside an edition, which never changes, and are no part of its digest."""

import uuid
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .framework_texts import Place, fingerprint, source_texts
from .installation import Installation
from .journal import Event
from .refusals import Refused
from .revisions import Conflict, Revised
from .writing import writing

if TYPE_CHECKING:
    from .frameworks import Edition


class Stamp(NamedTuple):
    """Which checked translation there is, in which state; texts of the same state are kept in memory."""

    edition: uuid.UUID
    language: str
    pk: int
    revision: int


class Translated(NamedTuple):
    """A text in the language of a translation, and the hash of the source that it was made from."""

    of: str
    text: str


class TextsChanged(Conflict):
    """Somebody else changed some of the texts after the page was opened; `.places` says which."""

    def __init__(self, stored: "Translation", places: Iterable[Place]) -> None:
        super().__init__(stored)
        self.places = set(places)


class TranslationQuerySet(models.QuerySet["Translation"]):
    def stamps(self) -> list[Stamp]:
        """Of the checked ones, which are those that readers see. A list: it is small, and kept in memory."""
        return [
            Stamp(*row) for row in self.filter(is_checked=True).values_list("edition", "language", "pk", "revision")
        ]

    def begin(self, edition: "Edition", language: str, *, by: User | None) -> "Translation":
        """The translation into this language, made if there is none yet."""
        with writing(by):
            translation, is_new = self.get_or_create(edition=edition, language=language)
            if is_new:
                translation.record("begun", by=by)
            return translation

    def take_over(self, edition: "Edition", *, of: "Edition", places: Callable[[], Container[Place]]) -> None:
        """Gives an edition the translations of the one before it, for those of its places that have no text yet.

        Each text keeps the hash of its source, so what has changed since is known to be stale, and is not shown.
        """
        for old in self.filter(edition=of):
            new, _is_new = self.get_or_create(
                edition=edition, language=old.language, defaults={"is_checked": old.is_checked}
            )
            there = places()
            texts = {place: text for place, text in old.by_place().items() if place in there}
            new.keep(texts | new.by_place())
            new.save()
            Installation.objects.renew()


class Translation(Revised):
    """The texts of one edition in another language. Readers see them once an administrator marked them as checked."""

    edition = models.ForeignKey("assessments.Edition", models.CASCADE, related_name="translations")
    language = models.CharField(max_length=20)
    is_checked = models.BooleanField(default=False, db_default=False)
    #: A list of `[place, hash of the source, text]`.
    texts = models.JSONField(default=list, blank=True)

    objects = TranslationQuerySet.as_manager()

    class Meta:
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "language"],
                name="translation_language_unique",
                violation_error_message=gettext_lazy("This version already has a translation into this language."),
            )
        ]

    def __str__(self) -> str:
        return self.language

    def by_place(self) -> dict[Place, Translated]:
        return {tuple(place): Translated(of, text) for place, of, text in self.texts}

    def keep(self, texts: Mapping[Place, Translated]) -> None:
        self.texts = [[list(place), of, text] for place, (of, text) in texts.items()]

    def current(self, sources: Mapping[Place, str]) -> dict[Place, str]:
        """What readers see: the texts whose source is still the same."""
        return {
            place: text
            for place, (of, text) in self.by_place().items()
            if place in sources and of == fingerprint(sources[place])
        }

    @contextmanager
    def locked(self, by: User | None) -> "Iterator[Translation]":
        """The row as it is now, held against other writers."""
        with writing(by):
            rows = type(self)._default_manager.select_related("edition__framework")
            stored = rows.select_for_update(no_key=True, of=("self",)).filter(pk=self.pk).first()
            if stored is None:
                raise Refused(_("This translation has been removed."))
            yield stored

    def change(self, entered: Mapping[Place, str], *, seen: Mapping[Place, str], by: User | None) -> "Translation":
        """Stores texts that belong to the source as it is now; an empty one is taken away.

        `seen` are the fingerprints of the texts that the page showed. Raises TextsChanged, and stores nothing, if some
        of those that are entered have been changed to something else meanwhile.
        """
        with self.locked(by) as stored:
            sources = source_texts(stored.edition.source)
            texts = stored.by_place()
            changed = {place: text for place, text in entered.items() if place in sources}
            elsewhere = {
                place
                for place, text in changed.items()
                if place in seen and fingerprint(_text(texts, place)) not in (seen[place], fingerprint(text))
            }
            if elsewhere:
                raise TextsChanged(stored, elsewhere)
            for place, text in changed.items():
                if text:
                    texts[place] = Translated(fingerprint(sources[place]), text)
                else:
                    texts.pop(place, None)
            stored._store(texts, by=by)
            return stored

    def bring(self, texts: Mapping[Place, Translated], *, by: User | None) -> "Translation":
        """Stores the texts of a file, each with the hash of its source. What nobody here has read is to be checked."""
        with self.locked(by) as stored:
            together = {**stored.by_place(), **texts}
            if together != stored.by_place():
                stored.is_checked = False
            stored._store(together, by=by)
            return stored

    def _store(self, texts: Mapping[Place, Translated], *, by: User | None) -> None:
        if texts != self.by_place():
            self.keep(texts)
            self.revision += 1
            self.save()
            self.record("changed", by=by)

    def say_checked(self, is_checked: bool, *, seen: int, by: User | None) -> "Translation":
        """Whether readers see it. Raises Conflict if it was changed since revision `seen`."""
        with self.locked(by) as stored:
            if stored.take({"is_checked": is_checked}, seen=seen):
                stored.save()
                stored.record("checked" if is_checked else "unchecked", by=by)
            return stored

    def remove(self, *, by: User | None) -> None:
        """Readers see the framework's own language again. Removing what is gone changes nothing."""
        with writing(by):
            stored = type(self)._default_manager.select_for_update().filter(pk=self.pk).first()
            if stored is not None:
                stored.record("removed", by=by)
                stored.delete()

    def record(self, verb: str, *, by: User | None) -> None:
        """Every change comes by here: servers keep in memory which translations there are."""
        Installation.objects.renew()
        Event.record(f"translation.{verb}", by=by, edition=str(self.edition_id), language=self.language)


def _text(texts: Mapping[Place, Translated], place: Place) -> str:
    return texts[place].text if place in texts else ""
