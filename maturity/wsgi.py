import gc
import logging
import os
import sys

from django.core.wsgi import get_wsgi_application
from gunicorn.arbiter import Arbiter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maturity.settings")


def look_at_database() -> None:
    """Ends the server if a newer version has changed the database in a way that this one does not fit.

    Says if other servers have another secret key. A database that is away, or not prepared yet, may come: pages say so
    until then.
    """
    from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection

    from assessments.models import Installation
    from assessments.operations.fitting import OTHER_KEY, fit_of

    try:
        fit = fit_of(DEFAULT_DB_ALIAS)
        if not fit.hindrance and not Installation.objects.shares_key():
            logging.getLogger("maturity").warning(OTHER_KEY)
    except DatabaseError as error:
        logging.getLogger("maturity").warning("The database did not answer at the start (%s).", type(error).__name__)
        return
    finally:
        # Workers are made from this process and must not share what it has opened. Only PostgreSQL has a pool.
        connection.close()
        getattr(connection, "close_pool", connection.close)()
    if fit.too_new:
        sys.stderr.write(f"Maturity cannot start. {fit.hindrance}\n")
        sys.exit(Arbiter.WORKER_BOOT_ERROR)


def read_ahead() -> None:
    """Imports the views and what every page is drawn with, once for all workers."""
    from django.template.loader import get_template
    from django.urls import reverse

    reverse("home")
    get_template("base.html")


# Nearly all that loading makes stays. Looking for garbage among it again and again took a fifth of the time.
gc.disable()
application = get_wsgi_application()
if "pytest" not in sys.modules:
    look_at_database()
    read_ahead()
gc.enable()
