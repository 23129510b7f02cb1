"""The live room: one shared screen that the facilitator runs, and everybody's phone.

While the assessment is open people give their own answers there; in review they vote once more, and decide. Both ask
every second or two for what is new, and get 204 if nothing is.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..invitations.links import kept_link
from ..models import Assessment, Conflict, Criterion, PersonGone, Refused, Review, Room
from ..models.rooms import OVER, ROOM_IS_OFF
from ..permissions.access import Permissions, get_assessment, get_polled_room
from ..permissions.refusals import refusal_told
from ..permissions.roles import Permission
from ..questionnaire.answer_form import AnswerForm
from ..questionnaire.session import SOMEONE_ELSE, Seat, seated
from ..review.agenda import Agenda
from ..review.forms import AgreeForm
from ..review.views import NO_REVIEW
from ..web.requests import Request
from ..web.saving import is_stored
from .ballot import Ballot, Turnout
from .forms import PlaceForm, VoteForm
from .screen import ReviewScreen, Screen


def _room_of(assessment: Assessment) -> Room | None:
    """The running room of an assessment, with the assessment as it was fetched."""
    room = Room.objects.running().filter(assessment=assessment).first()
    if room is not None:
        room.assessment = assessment
    return room


#: Why there is no room, where there can be none.
NO_ROOM = {
    Assessment.Status.DRAFT: gettext_lazy("There is no live room yet: this assessment is a draft."),
    Assessment.Status.CLOSED: gettext_lazy("There is no live room any more: this assessment is closed."),
}


def _refuse_without_meeting(assessment: Assessment) -> None:
    reason = NO_ROOM.get(Assessment.Status(assessment.status))
    if reason is not None:
        raise Refused(str(reason))


def _back(assessment: Assessment) -> HttpResponse:
    """Where a room leads back to."""
    return redirect("review" if assessment.is_in_review else "assessment", assessment.pk)


# ---------------------------------------------------------------------- joining


@require_safe
def join(request: Request) -> HttpResponse:
    """Where people type the code that is on the screen."""
    typed = request.GET.get("code", "").replace("/", "").strip()[:20]
    if typed:
        return redirect("room-code", typed)
    return render(request, "live/join.html", {"code": ""})


@require_safe
def code(request: Request, code: str) -> HttpResponse:
    """Leads people who may vote to their page; to everyone else it looks the same whether there is such a room.

    A code opens nothing: who may vote does so by account, or by their personal link, which the browser in which they
    opened it still has.
    """
    room = Room.objects.for_code(code)
    if room is not None:
        may_vote = request.user.is_authenticated and _may_vote_by_account(request, room.assessment)
        if may_vote and not room.assessment.anonymous:
            return redirect("room-vote", room.assessment_id)
        link = kept_link(request, room.assessment)
        if link is not None:
            return redirect("guest-room-vote", link)
        if may_vote:
            return redirect("room-vote", room.assessment_id)
    context = {"code": code, "here": request.get_full_path()}
    return render(request, "live/join.html", context, status=404 if request.user.is_authenticated else 200)


def _may_vote_by_account(request: Request, assessment: Assessment) -> bool:
    try:
        _assessment, may = get_assessment(request, assessment.pk, may=Permission.SEE_TEAM)
    except Http404:
        return False
    return may(Permission.VOTE_IN_ROOM)


# ---------------------------------------------------------------------- the shared screen


@require_safe
@login_required
@refusal_told
def room(request: Request, pk: UUID) -> HttpResponse:
    """The shared screen for the person who leads the review; everyone else is led to where they vote."""
    assessment, may = get_assessment(request, pk, may=Permission.FOLLOW_REVIEW)
    _refuse_without_meeting(assessment)
    running = _room_of(assessment)
    if not may(Permission.FACILITATE):
        return redirect("room-vote", pk) if running else _back(assessment)
    if running is None:
        return render(request, "live/start.html", {"assessment": assessment, "may": may})
    return _screen(request, Screen.of(assessment, running), may)


def _screen(request: Request, screen: Screen, may: Permissions) -> HttpResponse:
    """The part of the page that changes."""
    status = screen.refused.http_status if screen.refused else 200
    template = "live/_screen.html" if request.htmx else "live/room.html"
    return render(request, template, {"assessment": screen.assessment, "screen": screen, "may": may}, status=status)


@require_safe
@login_required
def now(request: Request, pk: UUID) -> HttpResponse:
    """What is on the shared screen, as a fragment; 204 if the page has it already."""
    polled = get_polled_room(request, pk, may=Permission.FACILITATE)
    if polled and request.GET.get("seen") == polled.mark:
        return HttpResponse(status=204)
    assessment, may = get_assessment(request, pk, may=Permission.FACILITATE)
    running = _room_of(assessment)
    if running is None:
        return render(request, "live/_screen_over.html", {"assessment": assessment})
    context = {"assessment": assessment, "screen": Screen.of(assessment, running), "may": may}
    return render(request, "live/_screen.html", context)


def facilitated(view: Callable[..., Screen | None]) -> Callable[..., HttpResponse]:
    """Decorator of what the facilitator does: gives the view the running room, and answers with the new screen, or
    with the one that the view returns.

    A refusal is told on a page of its own; a screen that asks by script is loaded again, and then shows how things are.
    """

    @require_POST
    @login_required
    @refusal_told
    @wraps(view)
    def wrapped(request: Request, pk: UUID, *args: Any, **kwargs: Any) -> HttpResponse:
        assessment, may = get_assessment(request, pk, may=Permission.FACILITATE)
        try:
            running = _room_of(assessment)
            if running is None:
                raise Refused(str(ROOM_IS_OFF))
            refused = view(request, running, *args, **kwargs)
        except PersonGone:
            raise
        except Refused:
            if not request.htmx:
                raise
            return HttpResponse(headers={"HX-Redirect": reverse("room", args=[pk])})
        if refused is not None:
            return _screen(request, refused, may)
        fresh = _room_of(assessment)
        if fresh is None:
            return _back(assessment)
        if not request.htmx:
            return redirect("room", pk)
        return _screen(request, Screen.of(assessment, fresh), may)

    return wrapped


@require_POST
@login_required
@refusal_told
def start(request: Request, pk: UUID) -> HttpResponse:
    """Opens a live room: for answering while the assessment is open, and for voting once more in its review."""
    assessment, _may = get_assessment(request, pk, may=Permission.FACILITATE)
    _refuse_without_meeting(assessment)
    Room.objects.open(assessment, by=request.user)
    _tell_followers(assessment)
    return redirect("room", pk)


@require_POST
@login_required
@refusal_told
def end(request: Request, pk: UUID) -> HttpResponse:
    """Closes the room; sent twice, it is closed by then."""
    assessment, _may = get_assessment(request, pk, may=Permission.FACILITATE)
    running = _room_of(assessment)
    if running is not None:
        running.end(by=request.user)
        _tell_followers(assessment)
    return _back(assessment)


@require_POST
@login_required
@refusal_told
def end_answering(request: Request, pk: UUID) -> HttpResponse:
    """Ends answering from the shared screen. The room goes on in review, with what people see differently."""
    assessment, _may = get_assessment(request, pk, may=Permission.END_ANSWERING)
    if assessment.is_open:
        assessment.end_answering(by=request.user)
    return redirect("room", pk)


def _tell_followers(assessment: Assessment) -> None:
    """Pages that follow the review fetch it again, and so find the room."""
    Review.objects.filter(assessment=assessment).update(step=F("step") + 1)


@facilitated
def renew_code(request: Request, room: Room) -> None:
    room.renew_code(by=request.user)


@facilitated
def turn(request: Request, room: Room) -> None:
    """Shows everybody another question."""
    chosen = request.POST.get("criterion", "")
    by_key = {str(pk): pk for pk in room.order}
    if chosen not in by_key:
        raise Http404
    room.turn_to(room.assessment.edition.contents.criterion_by_pk[by_key[chosen]], by=request.user)


@facilitated
def reveal(request: Request, room: Room) -> None:
    criterion, number = _place(request, room)
    room.reveal(criterion, number, by=request.user)


@facilitated
def vote_again(request: Request, room: Room) -> None:
    criterion, number = _place(request, room)
    room.vote_again(criterion, number, by=request.user)


def _place(request: Request, room: Room) -> tuple[Any, int]:
    form = PlaceForm(request.POST, room=room)
    if not form.is_valid():
        raise Http404
    return form.cleaned_data["criterion"], form.cleaned_data["round"]


@facilitated
def decide(request: Request, room: Room, criterion: int) -> Screen | None:
    """Records what the group agrees on, as the review's page does, and goes on to the next question."""
    if not room.assessment.is_in_review:
        raise Refused(str(NO_REVIEW[Assessment.Status(room.assessment.status)]))
    agenda = Agenda.of(room.assessment)
    item = agenda.item(criterion)
    if item is None or criterion not in room.order:
        raise Http404
    form = AgreeForm(request.POST, item=item)
    review = Review.objects.at(room.assessment)
    following = room.order[room.order.index(criterion) + 1 :] or [criterion]
    next_one = room.assessment.edition.contents.criterion_by_pk[following[0]]
    with transaction.atomic():
        stored = is_stored(form, lambda: review.agree(item.criterion, by=request.user, **form.terms()))
        # Another facilitator may have moved on meanwhile: the room stays where it is then.
        if stored and room.criterion_id == criterion:
            room.turn_to(next_one, by=request.user)
    if stored:
        return None
    room.look_at(item.criterion)
    return ReviewScreen(room.assessment, room, agenda=agenda, refused=form)


# ---------------------------------------------------------------------- phones


def _vote(request: Request, seat: Seat) -> HttpResponse:
    """The page of somebody who votes, and their vote."""
    if not seat.may(Permission.VOTE_IN_ROOM):
        raise PermissionDenied
    running = _room_of(seat.assessment)
    refusal = ""
    status = 200
    if request.method == "POST":
        refusal = _voted(request, seat, running)
        if not refusal and not request.htmx:
            return redirect(seat.url("room-vote"))
        status = 409 if refusal else 200
        running = _room_of(seat.assessment)
    return _ballot(request, seat, running, refusal=refusal, status=status)


def _voted(request: Request, seat: Seat, running: Room | None) -> str:
    """Stores a vote; returns why that was refused."""
    if running is None:
        return str(ROOM_IS_OFF)
    form = VoteForm(request.POST, room=running)
    if not form.is_valid():
        return str(OVER)
    values = form.cleaned_data
    try:
        if running.is_answering and values["criterion"].pk == running.criterion_id:
            return _answered(request, Ballot(seat, running), values["criterion"], values["round"])
        running.vote(by=seat.who, criterion=values["criterion"], number=values["round"], code=values["code"])
    except PersonGone:
        raise
    except Refused as refusal:
        return str(refusal)
    return ""


def _answered(request: Request, ballot: Ballot, criterion: Criterion, number: int) -> str:
    """Stores somebody's own answer, with the comment and link that it may have; returns why it could not be stored."""
    stored = ballot.answer
    is_same_page = stored is not None and stored.page == request.POST.get("page")
    form = AnswerForm(
        {
            **request.POST.dict(),
            "comment": stored.comment if stored else "",
            "evidence": stored.evidence if stored else "",
            # A second tap on the same page counts, and takes back the first.
            "sequence": stored.sequence + 1 if stored and is_same_page else 1,
        },
        criterion=criterion,
    )
    if not form.is_valid():
        return str(form.errors["reason"][0]) if "reason" in form.errors else str(OVER)
    if str(form.cleaned_data["who"]) != ballot.seat.mark:
        return str(SOMEONE_ELSE)
    answer = form.answer()
    try:
        ballot.room.answer(by=ballot.seat.who, criterion=criterion, number=number, answer=answer, mark=form.mark())
    except Conflict as conflict:
        if conflict.stored.says(answer):
            return ""
        name = criterion.answer_name(conflict.stored.code) if conflict.stored.code else _("no answer")
        return _("You changed this answer on another page. It is now: {answer}. Choose again to change it.").format(
            answer=name
        )
    return ""


def _ballot(
    request: Request, seat: Seat, running: Room | None, *, refusal: str = "", status: int = 200, whole: bool = True
) -> HttpResponse:
    template = "live/_ballot.html" if request.htmx else "live/vote.html"
    context = {
        "assessment": seat.assessment,
        "seat": seat,
        "room": running,
        "ballot": Ballot(seat, running) if running else None,
        "refusal": refusal,
        "vote_url": seat.url("room-vote"),
        "poll": seat.url("room-vote-now"),
        "answers_url": seat.url("answer-done"),
        "link_url": seat.url("answer"),
        "entered_reason": request.POST.get("reason", "") if refusal else "",
    }
    if seat.assessment.is_in_review:
        context["review_url"] = seat.url("review")
    if not whole:
        template = "live/_state.html"
    response = render(request, template, context, status=status)
    if whole and request.htmx and request.method == "GET":
        # What asks is the line that counts votes; it gets the whole page if there is another question.
        response.headers["HX-Retarget"] = "#ballot"
    return response


def _vote_now(request: Request, seat: Seat) -> HttpResponse:
    """What is new on a phone: nothing (204), how many have voted, or another question."""
    if not seat.may(Permission.VOTE_IN_ROOM):
        raise PermissionDenied
    running = _room_of(seat.assessment)
    seen_step, _dot, seen_version = request.GET.get("seen", "").partition(".")
    if running is None or seen_step != str(running.step):
        return _ballot(request, seat, running)
    if seen_version == str(running.version):
        return HttpResponse(status=204)
    return _ballot(request, seat, running, whole=False)


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def vote(request: Request, seat: Seat) -> HttpResponse:
    return _vote(request, seat)


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def guest_vote(request: Request, seat: Seat) -> HttpResponse:
    return _vote(request, seat)


@require_safe
@login_required
def vote_now(request: Request, pk: UUID) -> HttpResponse:
    """One query if nothing is new, three for another number of votes: every phone asks every other second."""
    room = get_polled_room(request, pk, may=Permission.VOTE_IN_ROOM)
    seen = request.GET.get("seen", "")
    if room and seen == room.mark:
        return HttpResponse(status=204)
    if room and seen.partition(".")[0] == str(room.step):
        # The page says whether it has a vote of its own: it is told nothing that it does not know.
        turnout = Turnout.of(room, own="voted" in request.GET)
        poll = reverse("room-vote-now", args=[pk])
        return render(request, "live/_state.html", {"room": room, "ballot": turnout, "poll": poll})
    return _member_vote_now(request, pk=pk)


@seated
def _member_vote_now(request: Request, seat: Seat) -> HttpResponse:
    return _vote_now(request, seat)


@require_safe
@seated
def guest_vote_now(request: Request, seat: Seat) -> HttpResponse:
    return _vote_now(request, seat)
