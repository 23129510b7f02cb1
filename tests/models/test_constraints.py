"""Every invariant that the database keeps has a name, and a sentence for people who run into it."""

import re

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.constraints import BaseConstraint, CheckConstraint, UniqueConstraint

MODELS = apps.get_app_config("assessments").get_models()
CONSTRAINTS = [
    pytest.param(model, constraint, id=f"{model.__name__}, {constraint.name}")
    for model in MODELS
    for constraint in model._meta.constraints
]


@pytest.mark.parametrize("model,constraint", CONSTRAINTS)
def test_constraint_has_a_name_and_a_sentence(model, constraint):
    assert isinstance(constraint, CheckConstraint | UniqueConstraint)
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", constraint.name), "a name that says what holds, without numbers"
    sentence = str(constraint.violation_error_message)
    assert sentence != str(BaseConstraint.default_violation_error_message)
    assert re.fullmatch(r"[A-Z“].*\.", sentence), sentence
    assert constraint.name not in sentence


def test_no_two_constraints_share_a_name():
    names = [param.values[1].name for param in CONSTRAINTS]
    assert len(names) == len(set(names)) > 30


@pytest.mark.django_db
@pytest.mark.parametrize("model,constraint", CONSTRAINTS)
def test_the_database_has_it(model, constraint):
    with connection.cursor() as cursor:
        stored = connection.introspection.get_constraints(cursor, model._meta.db_table)
    assert constraint.name in stored


def test_no_pair_is_unique_without_a_name():
    assert [
        model.__name__
        for model in apps.get_models()
        if model._meta.app_label == "assessments" and model._meta.unique_together
    ] == []
