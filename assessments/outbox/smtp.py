"""Django's SMTP backend, which also reports when the text of a mail is about to be sent."""

import smtplib
from collections.abc import Callable
from typing import Any

from django.core.mail.backends.smtp import EmailBackend


class Withdrawn(Exception):
    """The mail must not be sent, although the mail server already knows its recipient."""


class Backend(EmailBackend):
    #: Asked once the server has accepted sender and recipient, and before it gets the text; False keeps the mail back.
    #: Until then an error means that nothing was sent. Afterwards, without an answer, only the server knows.
    may_leave: Callable[[], bool] = staticmethod(lambda: True)

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        backend = self

        # The class depends on the settings, so it is known only now.
        class Conversation(super().connection_class):  # type: ignore[misc]
            def data(self, msg: Any) -> Any:
                if not backend.may_leave():
                    self.rset()
                    raise Withdrawn
                return super().data(msg)

        return Conversation
