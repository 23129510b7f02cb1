"""What a link of the outside view leads to, and what a page says if it leads nowhere."""

from ..models.outside import OutsideSeat
from ..web.requests import Request
from .links import LinkProblem, refuse_unknown


def open_outside(request: Request, token: str) -> OutsideSeat:
    """The seat that a token leads to. Opening it changes nothing.

    A token that never existed is a 404 and counts as a guess, as with links of the team. Raises LinkProblem for links
    that have ended, and for people who belong to the team: their view is part of its own.
    """
    seat = OutsideSeat.of(token)
    if seat is None:
        refuse_unknown(request, token)
    elif seat.is_of_the_team(request.user):
        raise LinkProblem("invitations/outside_is_inside.html", 403)
    elif seat.lets_in():
        return seat
    raise LinkProblem("invitations/outside_gone.html", 404)
