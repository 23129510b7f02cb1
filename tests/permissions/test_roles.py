import pytest

from assessments.permissions import roles


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
