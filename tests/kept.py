"""The caches in which a process keeps things between requests, and the settings of a server that keeps nothing."""

from django.conf import settings

#: The other one is in the database.
KEPT_IN_MEMORY = [name for name, given in settings.CACHES.items() if given["BACKEND"].endswith("LocMemCache")]
NOTHING_KEPT = {
    name: {"BACKEND": "django.core.cache.backends.dummy.DummyCache"} if name in KEPT_IN_MEMORY else given
    for name, given in settings.CACHES.items()
}
