"""Django's templates, without the circle of garbage that each page leaves behind."""

from typing import Any

from django.http import HttpRequest
from django.template import TemplateDoesNotExist
from django.template.backends import django as of_django
from django.template.context import make_context
from django.utils.safestring import SafeString


class Template(of_django.Template):
    def render(self, context: dict[str, Any] | None = None, request: HttpRequest | None = None) -> SafeString:
        """As Django does it; but what the page was drawn from goes as soon as it is drawn.

        A context with a request holds the values that it was given, and these hold the context. So they stayed until
        Python looked for circles: for a portfolio of ten thousand teams 20,000 objects, and 15 to 100 ms to find them.
        """
        drawn_from = make_context(context, request, autoescape=self.backend.engine.autoescape)
        try:
            page: SafeString = self.template.render(drawn_from)
        except TemplateDoesNotExist as error:
            of_django.reraise(error, self.backend)
        drawn_from.dicts.clear()
        return page


class Templates(of_django.DjangoTemplates):
    def from_string(self, template_code: str) -> Template:
        return Template(super().from_string(template_code).template, self)

    def get_template(self, template_name: str) -> Template:
        return Template(super().get_template(template_name).template, self)
