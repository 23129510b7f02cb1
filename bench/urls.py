"""The floor: the least that a Django view behind the same middleware can do."""

from django.contrib.auth.decorators import login_required
from django.db import connection, transaction
from django.http import HttpResponse
from django.template import engines
from django.urls import include, path

UPSERT = """
    INSERT INTO bench_floor (who, thing, value) VALUES (%s, %s, %s)
    ON CONFLICT (who, thing) DO UPDATE SET value = excluded.value
"""


@login_required
def save(request):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(UPSERT, [str(request.user.pk), request.POST["thing"], request.POST["value"]])
    return HttpResponse("ok")


@login_required
def page(request):
    """Renders as many bytes as asked for, through a template."""
    text = engines["django"].from_string("<p>{{ text }}</p>").render({"text": "x" * int(request.GET["bytes"])})
    return HttpResponse(text)


urlpatterns = [
    path("floor/save/", save),
    path("floor/page/", page),
    path("", include("maturity.urls")),
]
