"""What a mail says, as its reader sees it."""

import html
import re
from email.message import EmailMessage

LINK = re.compile(r"https://maturity\.example\.org(/\S*)")


def html_of(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return body.get_content()


def words_of_html(message: EmailMessage) -> str:
    """What is read in the HTML, without its head, in one line."""
    body = html_of(message).partition("<body>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def stop_path(message: EmailMessage) -> str:
    """Where one click stops mails like this, from the header that mail programs read."""
    match = LINK.fullmatch(message["List-Unsubscribe"].strip(" <>"))
    assert match
    return match[1]
