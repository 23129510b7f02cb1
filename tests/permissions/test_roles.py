import pytest

from assessments.models import Team
from assessments.permissions import roles
from assessments.permissions.access import roles_in, teams_where_person_may

from ..factories import make_membership, make_team, make_unit, make_user


def test_administrator_sees_levels_and_never_answers():
    may = roles.IN_TEAM[roles.ADMINISTRATOR]
    assert "see team" in may
    assert not may & {"see result", "see votes", "see names", "answer"}


def test_only_the_lead_sees_names():
    assert [role for role, may in roles.IN_TEAM.items() if "see names" in may] == [roles.LEAD]


def test_viewer_and_manager_see_results_without_votes():
    for role in (roles.VIEWER, roles.MANAGER):
        assert roles.may_in_team([role], "see result")
        assert not roles.may_in_team([role], "see votes")


def test_several_roles_add_up():
    assert roles.may_in_team([roles.ADMINISTRATOR, roles.MEMBER], "answer")
    assert not roles.may_in_team([], "see team")


def test_an_unknown_action_is_an_error_and_not_a_no():
    with pytest.raises(ValueError):
        roles.may_in_team([roles.LEAD], "clsoe")
    with pytest.raises(ValueError):
        roles.may_in_site(is_administrator=True, action="fly")


@pytest.mark.django_db
def test_all_teams_in_which_somebody_may_do_something_are_those_in_which_they_may_one_by_one():
    tribe = make_unit()
    squad = make_unit(parent=tribe)
    teams = [make_team(unit=unit) for unit in (tribe, squad, squad, make_unit())]
    manager, lead, viewer, administrator = (make_user(is_administrator=n == 3) for n in range(4))
    make_membership(user=manager, unit=tribe, role="manager")
    make_membership(user=manager, team=teams[3], role="viewer")
    make_membership(user=lead, team=teams[0], role="lead")
    make_membership(user=lead, team=teams[3], role="member")
    make_membership(user=viewer, team=teams[1], role="viewer")
    make_membership(user=administrator, team=teams[2], role="member")
    make_membership(user=administrator, unit=squad, role="manager")
    for user in (manager, lead, viewer, administrator, make_user()):
        for action in sorted(roles.TEAM_ACTIONS):
            each = {team for team in teams if roles.may_in_team(roles_in(user, team)[0], action)}
            assert set(Team.objects.filter(teams_where_person_may(user, action))) == each, (user, action)
