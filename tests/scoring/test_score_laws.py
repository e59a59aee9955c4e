"""What holds for every account, whatever its sources say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isclose, isfinite

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.accounts import Money
from scoring.health import score_account
from scoring.levels import judge_features, judge_usage
from scoring.readings import (
    Engagement,
    Features,
    Fresh,
    Missing,
    Payment,
    Readings,
    Stale,
    Support,
    Usage,
    day_number,
)
from scoring.records import (
    Card,
    Contact,
    Invoice,
    InvoiceState,
    Rating,
    Subscription,
    SubscriptionState,
    Ticket,
)
from scoring.rubric import LEVELS, Component, Rubric

AT = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
TODAY = day_number(AT)
CORE = ("report", "export", "invite", "api", "search")
MISSING = Missing("not linked")

law = settings(deadline=None, max_examples=150)

ids = st.integers(0, 10**6).map(str)
instants = st.floats(-2, 120).map(lambda days_ago: AT - timedelta(days=days_ago))
maybe = st.none() | instants
days = st.integers(-2, 60).map(lambda days_ago: TODAY - days_ago)
ratings = st.none() | st.sampled_from(Rating)

usages = st.frozensets(days, max_size=30).map(Usage)
features = st.dictionaries(st.sampled_from((*CORE, "log in")), days).map(Features)
tickets = st.builds(
    Ticket,
    id=ids,
    account_ref=st.just("org"),
    is_open=st.booleans(),
    created_at=st.just(AT),
    updated_at=instants,
    version=st.just(1),
    rating=ratings,
    sentiment=ratings,
    escalation=st.none() | st.sampled_from(("urgent priority", "tag escalated")),
    deleted=st.booleans(),
)
contacts = st.builds(
    Contact,
    id=ids,
    account_ref=st.just("company"),
    updated_at=st.just(AT),
    last_sent_at=maybe,
    last_opened_at=maybe,
    last_clicked_at=maybe,
    last_replied_at=maybe,
    deleted=st.booleans(),
)
subscriptions = st.builds(
    Subscription,
    id=ids,
    account_ref=st.just("cus"),
    state=st.sampled_from(SubscriptionState),
    plan=st.none(),
    mrr=st.none(),
    started_at=st.just(AT),
)
invoices = st.builds(
    Invoice,
    id=ids,
    account_ref=st.just("cus"),
    state=st.sampled_from(InvoiceState),
    amount=st.just(Money(Decimal(100), "eur")),
    finalized_at=st.just(AT),
    due_at=instants,
    failed_attempts=st.integers(0, 4),
    paid_at=maybe,
)
cards = st.builds(
    Card,
    account_ref=st.just("cus"),
    expires_on=st.none() | instants.map(lambda at: at.date() + timedelta(days=30)),
)


def some(each):
    return st.lists(each, max_size=6).map(tuple)


observed = {
    Component.USAGE: usages,
    Component.FEATURES: features,
    Component.SUPPORT: st.builds(Support, some(tickets)),
    Component.ENGAGEMENT: st.builds(Engagement, some(contacts)),
    Component.PAYMENT: st.builds(Payment, some(subscriptions), some(invoices), some(cards)),
}


def reading_of(component):
    return st.just(MISSING) | st.builds(Fresh, observed[component], st.just(AT))


known = st.builds(Readings, **{each.value: reading_of(each) for each in Component})
components = st.sampled_from(Component)
numbers = st.floats(0, 1000, allow_subnormal=False).map(abs)


@st.composite
def rubrics(draw):
    def falling(levels):
        points = st.lists(numbers, min_size=len(levels), max_size=len(levels))
        return dict(zip(levels, sorted(draw(points), reverse=True), strict=True))

    points = {component: falling(levels) for component, levels in LEVELS.items()}
    points[Component.PAYMENT]["current"] += 1  # something must be worth something
    return Rubric(points=points, core_features=CORE, min_coverage=draw(st.floats(0, 1)))


def score(readings, *, rubric, previous=None, at=AT):
    return score_account(readings, rubric=rubric, previous=previous, at=at)


@given(known, rubrics())
@law
def test_a_score_is_finite_and_between_0_and_100(readings, rubric):
    health = score(readings, rubric=rubric)
    assert health.value is None or (isfinite(health.value) and 0 <= health.value <= 100)
    assert 0 <= health.coverage <= 1
    assert (health.value is None) <= (health.status is None)
    assert (health.status is None) == (
        health.value is None or health.coverage < rubric.min_coverage
    )


@given(known, rubrics())
@law
def test_the_shares_sum_to_the_score(readings, rubric):
    health = score(readings, rubric=rubric)
    assert isclose(sum(part.share for part in health.parts), health.value or 0, abs_tol=1e-9)


@given(known, rubrics())
@law
def test_every_component_is_either_a_part_with_evidence_or_missing_with_a_reason(readings, rubric):
    health = score(readings, rubric=rubric)
    parts = [part.component for part in health.parts]
    assert sorted([*parts, *health.missing]) == sorted(Component)
    assert all(part.evidence for part in health.parts)
    assert all(health.missing.values())


@given(known, rubrics())
@law
def test_the_same_readings_always_give_the_same_score(readings, rubric):
    assert score(readings, rubric=rubric) == score(readings, rubric=rubric)


def rank(level, component):
    return LEVELS[component].index(level)


@given(usages, st.integers(0, 60), rubrics())
@law
def test_one_more_active_day_never_lowers_usage(usage, days_ago, rubric):
    more = Usage(usage.active_days | {TODAY - days_ago})
    before, after = (judge_usage(each, rubric, AT).level for each in (usage, more))
    assert rank(after, Component.USAGE) <= rank(before, Component.USAGE)


@given(features, st.sampled_from(CORE), st.integers(0, 60), rubrics())
@law
def test_one_more_use_of_a_feature_never_lowers_adoption(used, feature, days_ago, rubric):
    last_used = dict(used.last_used)
    last_used[feature] = max(min(last_used.get(feature, 0), TODAY), TODAY - days_ago)
    before, after = (judge_features(each, rubric, AT).level for each in (used, Features(last_used)))
    assert rank(after, Component.FEATURES) <= rank(before, Component.FEATURES)


@given(known, components, rubrics())
@law
def test_a_missing_component_shares_its_weight_as_if_the_rubric_had_none_of_it(
    readings, component, rubric
):
    without = {**rubric.points, component: dict.fromkeys(LEVELS[component], 0)}
    left_out = score(replace(readings, **{component.value: MISSING}), rubric=rubric)
    if any(without[each][levels[0]] for each, levels in LEVELS.items()):
        unweighed = score(readings, rubric=replace(rubric, points=without))
        assert (left_out.value is None) == (unweighed.value is None)
        assert isclose(left_out.value or 0, unweighed.value or 0)


@given(known, components, st.timedeltas(timedelta(0), timedelta(days=400)), rubrics())
@law
def test_a_stale_source_changes_nothing_of_its_part(readings, component, passed, rubric):
    before = score(readings, rubric=rubric)
    stale = replace(readings, **{component.value: Stale(since=AT)})
    after = score(stale, rubric=rubric, previous=before, at=AT + passed)
    for was, now in zip(parts_of(before, component), parts_of(after, component), strict=True):
        same = (now.level, now.points, now.evidence, now.as_of)
        assert same == (was.level, was.points, was.evidence, was.as_of)
        assert now.stale


@given(known, st.sets(components), rubrics())
@law
def test_stale_sources_leave_the_score_alone_while_the_rest_is_unchanged(readings, down, rubric):
    before = score(readings, rubric=rubric)
    stale = replace(readings, **{each.value: Stale(since=AT) for each in down})
    after = score(stale, rubric=rubric, previous=before)
    assert (after.value, after.status, after.coverage) == (
        before.value,
        before.status,
        before.coverage,
    )


def parts_of(health, component):
    return [part for part in health.parts if part.component is component]


@given(st.data(), rubrics())
@law
def test_the_order_of_tickets_contacts_and_invoices_is_irrelevant(data, rubric):
    def mixed(each):
        return tuple(data.draw(st.permutations(each)))

    support, engagement, payment = (
        data.draw(observed[each])
        for each in (Component.SUPPORT, Component.ENGAGEMENT, Component.PAYMENT)
    )
    mixed_payment = Payment(
        mixed(payment.subscriptions), mixed(payment.invoices), mixed(payment.cards)
    )
    one = readings_of(support, engagement, payment)
    other = readings_of(
        Support(mixed(support.tickets)), Engagement(mixed(engagement.contacts)), mixed_payment
    )
    assert score(one, rubric=rubric) == score(other, rubric=rubric)


def readings_of(support, engagement, payment):
    return Readings(
        usage=MISSING,
        features=MISSING,
        support=Fresh(support, AT),
        engagement=Fresh(engagement, AT),
        payment=Fresh(payment, AT),
    )
