"""Mails about an account, most with a link to set a password; and what to do about those that did not arrive."""

from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Mail, Membership, User
from ..web.letters import Fact, Link, Undelivered, write_letter

SUBJECTS = {
    Mail.Kind.NEW_ACCOUNT: gettext_lazy("Your account on Maturity"),
    Mail.Kind.NEW_PASSWORD: gettext_lazy("Set a new password on Maturity"),
    Mail.Kind.FACTOR_GONE: gettext_lazy("Your second factor on Maturity was removed"),
    Mail.Kind.ACCESS: gettext_lazy("Signing in to your account on Maturity was changed"),
}
TEMPLATES = {
    Mail.Kind.NEW_ACCOUNT: "accounts/mail/new_account.txt",
    Mail.Kind.NEW_PASSWORD: "accounts/mail/new_password.txt",
    Mail.Kind.FACTOR_GONE: "accounts/mail/factor_gone.txt",
    Mail.Kind.ACCESS: "accounts/mail/access.txt",
}


def account_letter(mail: Mail) -> EmailMessage | None:
    """The mail with a fresh link; None if the link would be of no use."""
    user = mail.user
    if user is None or not user.may_sign_in:
        return None
    kind = Mail.Kind(mail.kind)
    has_come_in = user.has_usable_password() if user.takes_password else user.identities.exists()
    if kind == Mail.Kind.NEW_ACCOUNT and has_come_in:
        return None
    if kind == Mail.Kind.NEW_PASSWORD and not user.takes_password:
        return None
    return write_letter(
        mail,
        to=mail.email,
        subject=str(SUBJECTS[kind]),
        template=TEMPLATES[kind],
        links=_links(kind, user),
        verbatim={"email": user.email},
        facts={
            "name": user.name,
            "inviter": str(mail.by or ""),
            "takes_passwords": int(user.takes_password),
            **(_change_in_words(mail) if kind == Mail.Kind.ACCESS else {}),
            "roles": [_role_in_words(membership) for membership in user.memberships.select_related("team", "unit")],
        },
    )


def _links(kind: Mail.Kind, user: User) -> dict[str, Link]:
    if kind == Mail.Kind.FACTOR_GONE:
        return {"page": Link(settings.SITE_URL + reverse("two-factor"), _("Set one up"))}
    if kind == Mail.Kind.ACCESS:
        return {"page": Link(settings.SITE_URL + reverse("sessions"), _("See where you are signed in"))}
    if not user.takes_password:
        return {"link": Link(settings.SITE_URL + reverse(settings.LOGIN_URL), _sign_in_with())}
    return {"link": Link(user.set_password_link(), _("Set your password"))}


def _sign_in_with() -> str:
    """What the page to sign in says, if there is one provider."""
    names = [provider.name for provider in settings.SIGN_IN_PROVIDERS]
    return _("Sign in with {name}").format(name=names[0]) if len(names) == 1 else _("Sign in")


def _change_in_words(mail: Mail) -> dict[str, Fact]:
    """What has changed, and when."""
    change, _space, time = mail.about.partition(" ")
    return {
        "what": str(Mail.Change(change).label),
        "day": date_format(mail.day) if mail.day else "",
        "time": time,
        "zone": settings.TIME_ZONE,
        "is_email_of_before": bool(mail.to),
    }


def _role_in_words(membership: Membership) -> str:
    """Why somebody has an account: `Lead of Payments`."""
    words = {"role": membership.get_role_display(), "place": str(membership.team or membership.unit)}
    return _("{role} of {place}").format_map(words)


def undelivered_to_accounts(mails: Iterable[Mail]) -> list[Undelivered]:
    """Mails about accounts that did not arrive, as pages of administrators list them."""
    return [
        Undelivered(
            who=str(mail.user),
            email=mail.email,
            url=reverse("account-edit", args=[mail.user_id]),
            problem=mail.get_problem_display(),
            reply=mail.reply,
            advice=_advice(mail),
        )
        for mail in mails
    ]


def _advice(mail: Mail) -> str:
    if mail.is_refused:
        return _("Check the email for typos and correct it, then send a new link.")
    if mail.problem == Mail.Problem.INTERRUPTED:
        return _("Ask whether it arrived. If not, send a new link.")
    return _("Send a new link. If this happens again, check the logs of this server and of the mail server.")
