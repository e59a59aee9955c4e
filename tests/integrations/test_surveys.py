"""What sources of answers share: scales, the questions that count, whose answer it is."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.people import person_hash
from integrations.surveys import (
    COMMENT_MAX,
    Question,
    Respondent,
    chosen,
    question_of,
    respondent,
    responses,
)
from scoring.records import SURVEY_SCALE, SurveyKind

NPS = Question(ids=("n1", "recommend"), kind=SurveyKind.NPS, lowest=0, highest=10)
NPS_TOO = Question(ids=("n2",), kind=SurveyKind.NPS, lowest=0, highest=10)
CSAT = Question(ids=("c1",), kind=SurveyKind.CSAT, lowest=1, highest=7)
AT = datetime(2026, 11, 24, tzinfo=UTC)
WHO = Respondent(account_ref="acme", person=None)


@given(st.integers(0, 1), st.integers(2, 11), st.data())
def test_every_answer_lands_on_our_scale_in_its_order(lowest, steps, data):
    question = Question(ids=("q",), kind=SurveyKind.CSAT, lowest=lowest, highest=lowest + steps - 1)
    bottom, top = SURVEY_SCALE[SurveyKind.CSAT]
    assert question.score(lowest) == bottom
    assert question.score(question.highest) == top
    worse, better = sorted(data.draw(st.tuples(*[st.integers(lowest, question.highest)] * 2)))
    assert question.score(worse) <= question.score(better)


@pytest.mark.parametrize("value", [-1, 11, 1e308, float("nan"), float("inf")])
@pytest.mark.parametrize("question", [NPS, CSAT])
def test_a_value_off_the_scale_is_refused(question, value):
    with pytest.raises(ValueError, match="is not from"):
        question.score(value)


def test_the_first_question_of_each_kind_counts_unless_some_are_named():
    questions = [NPS, NPS_TOO, CSAT]
    assert chosen(questions, ()) == (NPS, CSAT)
    assert chosen(questions, ["n2", "recommend"]) == (NPS, NPS_TOO)
    assert chosen(questions, ["else"]) == ()


def test_a_question_outlives_a_cursor():
    assert question_of(json.loads(json.dumps(NPS.as_json()))) == NPS


@pytest.mark.parametrize(
    ("explicit", "email", "ref"),
    [
        (" acme ", "ada@globex.example", "acme"),
        (4711, None, "4711"),
        ("xxxxx", "ada@www.Globex.example", "globex.example"),
        ("", "ada@globex.example", "globex.example"),
        ("undefined", "ada@gmail.com", None),
        (None, "no address", None),
        (["acme"], None, None),
        (True, None, None),
    ],
)
def test_an_answer_belongs_to_the_named_account_else_to_the_company_of_the_address(
    explicit, email, ref
):
    assert respondent(explicit, email, hash_key=b"key").account_ref == ref


def test_a_person_is_a_hash_and_nobody_without_an_address():
    who = respondent("acme", "Ada@Acme.example", hash_key=b"key")
    assert who.person == person_hash(b"key", "ada@acme.example")
    assert respondent("acme", "Ada", hash_key=b"key").person is None


def told(texts, *, keeps_comments=True):
    dates = {"answered_at": AT, "updated_at": AT}
    return responses("r", {NPS: 9, CSAT: 4}, WHO, texts, **dates, keeps_comments=keeps_comments)


def test_a_comment_is_of_all_texts_and_cut():
    assert [each.id for each in told([])] == ["r:n1", "r:c1"]
    assert {each.comment for each in told([" a ", "  ", "b"])} == {"a\nb"}
    assert {len(each.comment) for each in told(["x" * 9_000])} == {COMMENT_MAX}
    assert {(each.has_comment, each.comment) for each in told(["  "])} == {(False, None)}
    kept = told(["a"], keeps_comments=False)
    assert {(each.has_comment, each.comment) for each in kept} == {(True, None)}
