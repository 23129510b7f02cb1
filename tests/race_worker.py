"""One process of a race, started by test_races: `python -m tests.race_worker JOB ARGUMENTS`; prints JSON."""

import contextlib
import datetime
import json
import os
import sys
import threading
import time

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from assessments.invitations.mail import queue_due  # noqa: E402
from assessments.models import (  # noqa: E402
    Answer,
    Assessment,
    Conflict,
    Edition,
    Guest,
    Invitation,
    PageMark,
    Rating,
    Refused,
    Team,
    User,
    answering_sql,
)
from assessments.models.participation import new_token  # noqa: E402
from assessments.outbox.sending import send_waiting  # noqa: E402


class Unlocked:
    """What saving would be without its guard: no row lock, and on SQLite the check before the transaction."""

    def save(self, assessment, user, criterion, answer, mark):
        fresh = Assessment.objects.get(pk=assessment.pk)
        fresh._refuse_unless(Assessment.Status.OPEN)
        time.sleep(0.002)
        with transaction.atomic():
            if connection.vendor == "postgresql":
                Assessment.objects.get(pk=assessment.pk)._refuse_unless(Assessment.Status.OPEN)
                time.sleep(0.002)
            respondent, _ = assessment.respondents.get_or_create(user=user)
            stored = Rating.objects.filter(respondent=respondent, criterion=criterion).first()
            stored = stored or Rating(assessment=assessment, respondent=respondent, criterion=criterion)
            if stored.accept(criterion, answer, mark, timed=True):
                answering_sql.store(stored)
            return stored


def wait_until(moment: float):
    connection.ensure_connection()
    time.sleep(max(0.0, moment - time.time()))


def save(*, assessments, user, begin, pause, guard):
    """In each round answers one criterion after the other, until the closing refuses; tells what was acknowledged."""
    user, acknowledged = User.objects.get(pk=user), []
    rounds = [Assessment.objects.select_related("edition").get(pk=pk) for pk in assessments]
    for n, assessment in enumerate(rounds):
        criteria, done = assessment.criteria_asked(), []
        wait_until(begin + n * pause)
        for criterion in criteria:
            mark = PageMark(page=str(user.pk), sequence=1, version=0)
            try:
                if guard == "on":
                    assessment.save_rating(by=user, criterion=criterion, answer=Answer(code="F"), mark=mark)
                else:
                    Unlocked().save(assessment, user, criterion, Answer(code="F"), mark)
            except Refused:
                break
            done.append(criterion.key)
        acknowledged.append(done)
    return {"acknowledged": acknowledged}


def close(*, assessments, begin, pause):
    """Closes in the middle of each round; tells how many votes each criterion has in the result."""
    counted = []
    for n, pk in enumerate(assessments):
        assessment = Assessment.objects.get(pk=pk)
        wait_until(begin + n * pause + 0.03)
        while True:
            try:
                result = assessment.close(by=assessment.created_by)
                break
            except Refused:
                time.sleep(0.002)
        counted.append({row.key: sum(row.votes.values()) for row in result.criteria.all()})
    return {"counted": counted}


def hammer(*, assessment, user, page, begin):
    assessment, user = Assessment.objects.select_related("edition").get(pk=assessment), User.objects.get(pk=user)
    errors = []
    wait_until(begin)
    for sequence in range(1, 26):
        for criterion in assessment.criteria_asked():
            mark = PageMark(page=page, sequence=sequence, version=0)
            try:
                with contextlib.suppress(Conflict):
                    assessment.save_rating(by=user, criterion=criterion, answer=Answer(code="L"), mark=mark)
            except Exception as error:
                errors.append(repr(error))
    return {"errors": errors}


def close_once(*, assessment, begin):
    assessment = Assessment.objects.get(pk=assessment)
    wait_until(begin)
    return {"result": str(assessment.close(by=assessment.created_by).pk)}


def start(*, team, edition, begin):
    team, edition = Team.objects.get(pk=team), Edition.objects.get(pk=edition)
    by = User.objects.first()
    wait_until(begin)
    try:
        Assessment.objects.start(team=team, by=by, edition=edition, date=datetime.date(2026, 10, 14), rule="largely")
    except Refused:
        return {"started": False}
    return {"started": True}


def come_in(*, assessment, token, times, begin):
    """Accepts a link and answers by it, so many times at once in threads of this process."""
    assessment = Assessment.objects.select_related("edition").get(pk=assessment)
    criterion, errors = assessment.criteria_asked()[0], []

    def once(n):
        try:
            # Without a connection: there are fewer in the pool than threads, and who waits for one gives up soon.
            time.sleep(max(0.0, begin - time.time()))
            invitation = Invitation.objects.genuine(token)
            assessment.accept(Guest(invitation, invitation.token))
            # As the page does that follows: by then the link may lead to the answers of another one.
            invitation = Invitation.objects.genuine(token)
            who = Guest(invitation, invitation.token)
            mark = PageMark(page=f"{os.getpid()}-{n}", sequence=1, version=0)
            with contextlib.suppress(Conflict):
                assessment.save_rating(by=who, criterion=criterion, answer=Answer(code="F"), mark=mark)
        except Exception as error:
            errors.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=once, args=[n]) for n in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"errors": errors}


def take_links(*, assessment, user, begin):
    """A member takes the personal link to an anonymous assessment; tells the token where it was given out."""
    assessment, user, token = Assessment.objects.get(pk=assessment), User.objects.get(pk=user), new_token()
    wait_until(begin)
    try:
        assessment.take_link(user, token=token)
    except Refused:
        return {"token": None}
    return {"token": token}


def send(*, begin):
    """Sends what waits in the outbox; tells to whom."""
    from django.core import mail

    settings.EMAIL_BACKEND, settings.MAIL_ENABLED = "django.core.mail.backends.locmem.EmailBackend", True
    mail.outbox = []
    wait_until(begin)
    queue_due()
    send_waiting()
    return {"to": [message.to[0] + message.subject for message in mail.outbox]}


if __name__ == "__main__":
    jobs = {each.__name__: each for each in (save, close, hammer, close_once, start, come_in, take_links, send)}
    print(json.dumps(jobs[sys.argv[1]](**json.loads(sys.argv[2]))))
