"""Sends the mails in the outbox.

This process claims one mail at a time, writes it, and sends it outside of any transaction. Each step is stored before
it is taken: the attempt, the link, and that the text is about to be sent. So a process that dies leaves either a mail
that was certainly not sent, which the next process sends, or one that only the mail server knows about. That one is
sent once more, and then never again.
"""

import contextlib
import logging
import re
import smtplib
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError
from django.utils import translation

from ..accounts.mail import account_letter
from ..invitations.mail import assessment_letter
from ..models import Mail, PasswordRequest, Refused
from ..models.reading import FrameworkReader, read_by
from ..notices.letters import notice_letter
from .smtp import Backend, Withdrawn

log = logging.getLogger("maturity")

#: The server answered and rejected this mail. It may accept others.
REFUSALS = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError)


@dataclass(slots=True)
class Sent:
    """What one round did. `postponed` mails were not accepted and are tried again, or have failed for good."""

    sent: int = 0
    postponed: int = 0
    skipped: int = 0
    server_is_away: bool = False


def send_waiting(*, goes_on: Callable[[], bool] = lambda: True) -> Sent:
    """Sends queued mails until none is left, the mail server stops answering, or `goes_on` says no."""
    done = Sent()
    PasswordRequest.objects.answer()
    if not Mail.objects.due().exists():
        return done
    connection = get_connection()
    try:
        # One connection for all mails. No mail is claimed before it is open.
        connection.open()
    except OSError as error:
        log.warning("The mail server cannot be reached: %s", error.__class__.__name__)
        done.server_is_away = True
        return done
    try:
        while goes_on() and not done.server_is_away and (mail := Mail.objects.claim()):
            _send(mail, connection, done)
    finally:
        with contextlib.suppress(OSError):
            connection.close()
    return done


def _send(mail: Mail, connection: BaseEmailBackend, done: Sent) -> None:
    unanswered = mail.unanswered
    try:
        if mail.is_stopped:
            mail.skip(Mail.Problem.STOPPED)
            done.skipped += 1
            return
        letter = _write(mail)
        if letter is None:
            mail.skip()
            done.skipped += 1
            return
        _hand_over(letter, mail, connection)
    except DatabaseError:
        # Nothing can be stored now. The claim expires, and the next process relies on what was stored before.
        raise
    except (Withdrawn, Refused):
        # Meanwhile its assessment or person was deleted, or the due date was moved.
        mail.skip()
        done.skipped += 1
    except REFUSALS as refusal:
        done.postponed += 1
        code, reply = _answer(refusal)
        # 4xx means "not now", for this mail or for all; 5xx means "never".
        problem = Mail.Problem.NOT_TAKEN if 400 <= code < 500 else Mail.Problem.REFUSED
        log.warning("Mail %s was not taken: %s %s", mail.pk, refusal.__class__.__name__, reply)
        mail.not_taken(problem, reply=reply, unanswered=unanswered)
    except OSError as error:
        done.postponed += 1
        done.server_is_away = True
        log.warning("Mail %s could not be sent: %s", mail.pk, error.__class__.__name__)
        answered = isinstance(error, smtplib.SMTPResponseException)
        mail.not_taken(Mail.Problem.NOT_TAKEN, unanswered=unanswered if answered else mail.unanswered)
    except Exception:
        # A mail that cannot be written, for whatever reason, must not hold up others.
        log.exception("Mail %s cannot be written.", mail.pk)
        done.postponed += 1
        mail.fail(Mail.Problem.UNWRITABLE)
    else:
        mail.sent()
        done.sent += 1


def _write(mail: Mail) -> EmailMessage | None:
    """The letter in the language of the installation, with texts of frameworks in that of its recipient's account."""
    with translation.override(settings.LANGUAGE_CODE), read_by(FrameworkReader(lambda: _reads(mail))):
        if mail.about and mail.kind != Mail.Kind.ACCESS:
            return notice_letter(mail)
        return account_letter(mail) if mail.user else assessment_letter(mail)


def _reads(mail: Mail) -> list[str]:
    """The languages in which the recipient reads frameworks; those of people without an account are not known."""
    person = mail.user or (mail.participation.user if mail.participation else None)
    return [person.reads_in] if person and person.reads_in else []


def _hand_over(letter: EmailMessage, mail: Mail, connection: BaseEmailBackend) -> None:
    letter.connection = connection
    if isinstance(connection, Backend):
        connection.may_leave = mail.leave
    elif not mail.leave():
        raise Withdrawn
    letter.send()


def _answer(refusal: Exception) -> tuple[int, str]:
    """The code of a rejection, alone and with any enhanced code: `(550, "550 5.1.1")`. Never its words."""
    code: int = 0
    words: bytes | str = ""
    if isinstance(refusal, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(refusal.recipients.values()))
    elif isinstance(refusal, smtplib.SMTPResponseException):
        code, words = refusal.smtp_code, refusal.smtp_error
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", text)
    return code, f"{code or ''} {enhanced[0] if enhanced else ''}".strip()
