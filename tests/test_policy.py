import pytest

from assessments import policy


def test_administrator_sees_levels_and_never_answers():
    may = policy.IN_TEAM[policy.ADMINISTRATOR]
    assert "see team" in may
    assert not may & {"see result", "see votes", "see names", "answer"}


def test_only_the_lead_sees_names():
    assert [role for role, may in policy.IN_TEAM.items() if "see names" in may] == [policy.LEAD]


def test_viewer_and_manager_see_results_without_votes():
    for role in (policy.VIEWER, policy.MANAGER):
        assert policy.may_in_team([role], "see result")
        assert not policy.may_in_team([role], "see votes")


def test_several_roles_add_up():
    assert policy.may_in_team([policy.ADMINISTRATOR, policy.MEMBER], "answer")
    assert not policy.may_in_team([], "see team")


def test_an_unknown_action_is_an_error_and_not_a_no():
    with pytest.raises(ValueError):
        policy.may_in_team([policy.LEAD], "clsoe")
    with pytest.raises(ValueError):
        policy.may_in_site(is_administrator=True, action="fly")
