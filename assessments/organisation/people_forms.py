"""Forms for adding people and teams in bulk, and for their links to set a password."""

from django import forms
from django.utils.translation import gettext_lazy

from ..web.given_lines import GivenLinesForm

MOST_LINES = 20_000
MOST_LETTERS = 1_800_000


#: A few lines as the page shows them. The first line and the roles are understood in English as well.
SAMPLE = gettext_lazy(
    "email,name,unit,team,role\n"
    "lea@example.org,Lea Lind,Shop,Search,lead\n"
    "max@example.org,Max Moor,Shop,Search,member\n"
    "ida@example.org,Ida Ibsen,Shop > Data,Ranking,member\n"
    "una@example.org,Una Urban,Shop,,manager"
)


class PeopleForm(GivenLinesForm):
    most_lines, most_letters = MOST_LINES, MOST_LETTERS
    line_help = gettext_lazy("One person and team a line: email, name, unit, team, role.")

    changes_roles = forms.BooleanField(required=False, label=gettext_lazy("Change the roles that differ"))
    #: Whether the page had the field below, so that an empty one is a decision.
    links_offered = forms.BooleanField(required=False)
    mails_links = forms.BooleanField(
        required=False, initial=True, label=gettext_lazy("Email each new person a link to set a password")
    )
