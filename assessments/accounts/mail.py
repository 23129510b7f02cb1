"""Mails about an account: a link to set a password."""

from django.conf import settings
from django.core.mail import EmailMessage

from ..models import Mail
from ..web.letters import write_letter

SUBJECTS = {
    Mail.Kind.NEW_ACCOUNT: "Your account on Maturity",
    Mail.Kind.NEW_PASSWORD: "Set a new password on Maturity",
}
TEMPLATES = {
    Mail.Kind.NEW_ACCOUNT: "accounts/mail/new_account.txt",
    Mail.Kind.NEW_PASSWORD: "accounts/mail/new_password.txt",
}


def account_letter(mail: Mail) -> EmailMessage | None:
    """The mail with a fresh link; None if its link would be of no use."""
    user, kind = mail.user, Mail.Kind(mail.kind)
    has_set_one = kind == Mail.Kind.NEW_ACCOUNT and user is not None and user.has_usable_password()
    if user is None or not user.may_sign_in or has_set_one:
        return None
    return write_letter(
        mail,
        to=user.email,
        subject=SUBJECTS[kind],
        template=TEMPLATES[kind],
        verbatim={"link": user.set_password_link(), "site": settings.SITE_URL, "email": user.email},
        name=user.name,
    )
