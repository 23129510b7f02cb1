"""Every command holds the person whom it is by, so that nothing of theirs is stored once they are erased."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from assessments.accounts.erasure import erase
from assessments.models import Event, PersonGone, Target, User

from .. import toy
from ..factories import make_team, make_user

pytestmark = pytest.mark.slow

PACKAGE = Path(__file__).parent.parent.parent / "assessments"
HOLDS = {"_lock_for", "writing", "hold_to_write", "hold_to_erase", "as_draft"}


def names_called(function: ast.FunctionDef) -> set[str]:
    """Names of functions and methods that it calls, without what they belong to."""
    called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in called}


def commands() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Public functions that are told by whom, and open a transaction or write into the journal."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            parameters = {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}
            if "by" in parameters and {"atomic", "record", *HOLDS} & names_called(node):
                yield f"{path.stem}.{node.name}", node


def test_every_command_holds_the_person_whom_it_is_by():
    without = [name for name, function in commands() if not HOLDS & names_called(function)]
    # What is imported belongs to nobody, and `carry_out` holds whoever imports; of `make_once` it is what makes.
    # Of those who hold the person already are `give_role` and `take_over`, and what `follow_groups` calls, by which
    # `follow` holds. The two of translations hold by `locked`, `answer` by `save_rating`. Whoever calls
    # `end_second_factors` changes the account and holds it with who does it.
    held = ["rooms.answer", "translations.say_checked", "translations.record", "accounts.end_second_factors"]
    held += ["provisioning.follow", "provisioning.take_over"]
    held += ["teams.give_role", "teams.take_role", "teams.take_manager"]
    assert set(without) == {"storing.store", "submissions.make_once", *held}
    assert len(list(commands())) > 30


@pytest.mark.django_db
def test_a_command_by_somebody_who_was_erased_meanwhile_is_refused_and_leaves_nothing():
    person, team, edition = make_user(), make_team(), toy.make_edition()
    make_user(is_administrator=True)
    erase(User.objects.get(pk=person.pk), by=make_user(is_administrator=True))
    events = Event.objects.count()
    with pytest.raises(PersonGone, match="was deleted"):
        Target.objects.set(
            team=team, framework=edition.framework, level=2, due=team.today(), why="My words.", by=person
        )
    assert not Target.objects.exists()
    assert Event.objects.count() == events
