"""Forms of rounds: what a round asks and when, which teams take part, and a later due date."""

import datetime
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..lifecycle.forms import EditionChoice
from ..models import Edition, Questionnaire, Repeats, Round, Team, Unit, User
from ..models.framework_texts import filled, joined
from ..models.names import PlainNameField
from ..models.round_dates import quarter_name
from ..models.rounds import DUE_TOO_EARLY
from ..organisation.forms import UnitChoice
from ..web.foreign_texts import marked
from ..web.form_fields import DayField
from ..web.revised_forms import RevisedForm

#: How long people have if nothing else is chosen.
USUAL = datetime.timedelta(days=14)


class RoundForm(RevisedForm):
    """The terms of a round. Only administrators can choose the whole organisation."""

    unit = UnitChoice(label=gettext_lazy("For which teams?"), required=False)
    edition = EditionChoice(Edition.objects.none(), label=gettext_lazy("Framework"), empty_label=None)
    questionnaire = forms.ChoiceField(
        widget=forms.RadioSelect, choices=Questionnaire, initial="full", label=gettext_lazy("Questionnaire")
    )
    name = PlainNameField(label=gettext_lazy("Name"), max_length=60)
    opens = DayField(
        label=gettext_lazy("Opens"),
        help_text=gettext_lazy("Each team starts on this day, and its result is for this day."),
    )
    due = DayField(label=gettext_lazy("Due date"))
    repeats = forms.ChoiceField(
        choices=Repeats,
        label=gettext_lazy("Repeats"),
        help_text=gettext_lazy(
            "The next round is drafted a week before it opens. You get an email, and start it yourself."
        ),
    )
    anonymous = forms.TypedChoiceField(
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
        label=gettext_lazy("Who sees who gave which answer?"),
        choices=[
            ("no", gettext_lazy("Named: the lead of each team sees who in it gave which answer.")),
            (
                "yes",
                gettext_lazy(
                    "Anonymous: no one using Maturity can see who gave which answer. In each team, four people have to "
                    "submit."
                ),
            ),
        ],
        initial="no",
        help_text=gettext_lazy("This cannot be changed once the round has started."),
    )
    leeway = forms.IntegerField(
        min_value=0,
        max_value=90,
        initial=Round.LEEWAY,
        label=gettext_lazy("Days by which leads may extend"),
        help_text=gettext_lazy("A lead can move the due date of their team by up to so many days."),
    )
    message = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=gettext_lazy("Message in the invitations"),
        help_text=gettext_lazy("The name of the team, your name and the due date are added."),
    )

    def __init__(
        self,
        data: Mapping[str, object] | None = None,
        *,
        by: User,
        today: datetime.date,
        stored: Round | None = None,
        initial: Mapping[str, object] | None = None,
    ) -> None:
        self.today = today
        first = {"name": quarter_name(today), "opens": today, "due": today + USUAL, "repeats": Repeats.ONCE}
        super().__init__(data, initial={**first, **(initial or {}), **(self._of(stored) if stored else {})})
        self.fields["edition"].queryset = Edition.objects.published().select_related("framework")
        if not settings.MAIL_ENABLED:
            self.fields["repeats"].help_text = _(
                "The next round is drafted a week before it opens. It waits on your start page, and you start it "
                "yourself."
            )
        self._offer_short_version(stored)
        units = Unit.objects.as_tree()
        if by.is_administrator:
            self.fields["unit"].empty_label = _("The whole organisation")
        else:
            managed = Unit.objects.managed_by(by)
            units = [unit for unit in units if unit.pk in managed]
            self.fields["unit"].empty_label = None
            self.fields["unit"].required = True
        self.fields["unit"].offer(units)

    def _offer_short_version(self, stored: Round | None) -> None:
        """Only if a framework has one, and by the names of those that do if others do not."""
        editions = list(self.fields["edition"].queryset)
        with_short = [edition for edition in editions if edition.contents.quick_keys]
        full = (Questionnaire.FULL.value, Questionnaire.FULL.label)
        if not with_short and not (stored and stored.is_short):
            self.fields["questionnaire"].choices = [full]
        elif len(with_short) < len(editions):
            names = joined(", ", (edition.title for edition in with_short))
            sentence = _("{short}: only with {frameworks}")
            short = marked(filled(sentence, short=Questionnaire.SHORT.label, frameworks=names))
            self.fields["questionnaire"].choices = [full, (Questionnaire.SHORT.value, short)]

    @staticmethod
    def _of(stored: Round) -> dict[str, object]:
        names = ("unit", "edition", "questionnaire", "name", "opens", "due", "repeats", "leeway", "message", "revision")
        return {name: getattr(stored, name) for name in names} | {"anonymous": "yes" if stored.anonymous else "no"}

    def clean_opens(self) -> datetime.date:
        opens = self.cleaned_data["opens"]
        if opens > self.today + datetime.timedelta(days=Round.LONGEST):
            raise forms.ValidationError(_("Choose a date within a year from now."))
        return opens

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        opens, due, edition = cleaned.get("opens"), cleaned.get("due"), cleaned.get("edition")
        if opens and due and due < opens:
            self.add_error("due", DUE_TOO_EARLY)
        if opens and due and due > opens + datetime.timedelta(days=Round.LONGEST):
            self.add_error("due", _("Choose a date within a year after the opening."))
        if edition and cleaned.get("questionnaire") == Questionnaire.SHORT and not edition.contents.quick_keys:
            self.add_error("questionnaire", _("This version has no short questionnaire."))
        return cleaned


class TeamsForm(forms.Form):
    """Which of the teams on the page take part."""

    teams = forms.ModelMultipleChoiceField(
        Team.objects.none(),
        error_messages={"required": gettext_lazy("Choose at least one team.")},
    )

    def __init__(self, data: Mapping[str, object] | None = None, *, round_: Round) -> None:
        super().__init__(data)
        self.fields["teams"].queryset = round_.teams_to_choose()


class ExtendForm(forms.Form):
    #: In how many assessments it was changed; set once it is stored.
    stored: int = 0

    due = DayField(label=gettext_lazy("New due date for all teams"))

    def __init__(self, data: Mapping[str, object] | None = None, *, round_: Round) -> None:
        super().__init__(data, initial={"due": round_.due + datetime.timedelta(days=7)})
        self.round = round_

    def clean_due(self) -> datetime.date:
        due = self.cleaned_data["due"]
        if due <= self.round.due:
            raise forms.ValidationError(_("Choose a day after the present due date. A round can only be extended."))
        if due > self.round.opens + datetime.timedelta(days=Round.LONGEST):
            raise forms.ValidationError(_("Choose a date within a year after the opening."))
        return due
