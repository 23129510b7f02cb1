"""The pages for errors. None of them needs the database; that it is away is itself one of the errors."""

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.shortcuts import render

log = logging.getLogger("maturity")


def bad_request(request, exception=None):
    return render(request, "400.html", status=400)


def forbidden(request, exception=None):
    return render(request, "403.html", status=403)


def not_found(request, exception=None):
    return render(request, "404.html", status=404)


def server_error(request):
    error = sys.exc_info()[1]
    if isinstance(error, (OperationalError, InterfaceError)):
        log.error("the database did not answer: %s", error.__class__.__name__)
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = "5"
        return response
    return render(request, "500.html", status=500)
