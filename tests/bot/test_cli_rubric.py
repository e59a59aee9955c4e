"""`bellwether rubric`: what is in force, what a change would do, and somebody's own rule tests."""

import json
import logging
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from bot.cli import main
from bot.clock import SystemClock
from scoring.health import HealthScore, Part
from scoring.records import Organisation
from scoring.rubric import DEFAULT_POINTS, Component, Rubric
from storage import accounts, rubrics, scores
from storage.engine import open_database

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs/examples/rule-tests.toml"

CONFIG = """
[general]
hash_key = "canary"

[slack]
bot_token = "xoxb-canary"
app_token = "xapp-canary"
team_channel = "C0TEAM"
admin_channel = "C0ADMIN"

[sources.stripe]
api_key = "rk_live_canary"
"""


@pytest.fixture(autouse=True)
def logs_as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BELLWETHER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def config(tmp_path, home):
    """A configuration that can be added to."""
    path = tmp_path / "bellwether.toml"

    def write(more=""):
        path.write_text(CONFIG + more, "utf-8")
        return path

    write()
    return write


@pytest.fixture
def rubric(capsys, tmp_path, config):
    """The command as a person runs it: exit code, stdout and stderr."""

    def call(*arguments, of=tmp_path / "bellwether.toml"):
        with pytest.raises(SystemExit) as ended:
            main(["rubric", *map(str, arguments), *(["-c", str(of)] if of else [])])
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        assert "canary" not in told.out + told.err
        return ended.value.code or 0, told.out, told.err

    return call


@pytest.fixture
def file(tmp_path):
    def write(text, name="tests.toml"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


# rubric check


def test_check_prints_what_is_in_force(rubric, config):
    config(
        '[alerts]\noff = ["growing"]\n[alerts.at_risk]\nfires = 55\n'
        '[alerts.hours]\nstart = "09:00"\nurgent_passes = true\n'
    )
    code, out, _ = rubric("check")
    assert code == 0
    assert "Usage        30  daily 30 · weekly 20 · monthly 10 · inactive 0" in out
    assert "At-risk fires below 55, clears at 65, after 2 looks" in out
    assert "off: growing" in out
    assert "told 09:00 to 18:00 on mon, tue, wed, thu, fri; what is urgent passes" in out


@pytest.mark.parametrize(
    ("section", "doubt"),
    [
        ("[rubric.points.usage]\ndaily = 40", "rubric.points: the best levels add up to 110"),
        ("", "rubric.core_features: it is empty"),
        ("[alerts.at_risk]\nfires = 55", "alerts.at_risk.fires: the alert fires at 55, while"),
        ("[alerts.expansion]\nfires = 85", "alerts.expansion.fires: the alert fires at 85, while"),
        ('[alerts]\noff = ["growing"]', "alerts.off: nobody is told of growing"),
        ("", "alerts.escalation: a critical alert that nobody acknowledges goes to nobody else"),
        ("", "alerts.fallback: of accounts nobody owns only the channel is told"),
    ],
)
def test_check_doubts_what_is_seldom_meant(rubric, config, section, doubt):
    config(section)
    code, out, _ = rubric("check")
    assert code == 0
    assert f"! {doubt}" in out


def test_check_without_a_doubt_says_so(rubric, config):
    config(
        '[rubric]\ncore_features = ["a"]\n[alerts]\nfallback = "lee@us.example"\n'
        '[alerts.escalation]\nmanager = "lee@us.example"\n'
    )
    assert "Nothing to look at." in rubric("check")[1]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("[rubric]\nstabel = 60", "Unknown key rubric.stabel. Did you mean stable?"),
        ("[rubric]\nstable = 90", "rubric: the statuses need 0 < at_risk < stable < healthy"),
        ("[alerts.critical]\nclears = 30", "alerts.critical: an alert must clear above the line"),
    ],
)
def test_check_names_the_field_that_is_wrong_and_exits_with_2(rubric, config, section, told):
    config(section)
    code, out, err = rubric("check")
    assert (code, out) == (2, "")
    assert told in err


def test_check_says_that_the_database_was_not_looked_at_and_makes_none(rubric, home):
    _, out, _ = rubric("check")
    assert "not looked up in the database: There is no database yet" in out
    assert not home.exists()


@pytest.fixture
def history(home):
    """Ninety days of two accounts: Acme at 65 with a dip, Globex at 90."""
    home.mkdir(exist_ok=True)
    database = open_database(f"sqlite:///{home / 'bellwether.db'}")
    database.upgrade()
    now = SystemClock().now()
    with database.write() as session:
        record = [Organisation(ref=name, name=name.title()) for name in ("acme", "globex")]
        accounts.create_or_update(session, record, source="stripe", at=now)
        acme, globex = (accounts.by_key(session)[each] for each in ("acme", "globex"))
        accounts.set_billing(session, {acme: ("Growth", None, None, None)})
        rubric_id = rubrics.id_of(session, Rubric(), at=now)
        for ago in range(40, -1, -1):
            at = datetime.fromtimestamp(now.timestamp() - ago * 86_400, UTC)
            usage = "monthly" if 10 <= ago <= 20 else "weekly"
            told = [(acme, scored(at, usage)), (globex, scored(at, "daily", features="all"))]
            scores.save(session, told, rubric_id=rubric_id, at=at)
    database.dispose()


def scored(at, usage, *, features="some"):
    """By the default rubric 65 with weekly use and 55 with monthly: the rest stays as it is."""
    levels = ("neutral", "medium", "current")
    of = dict(zip(Component, (usage, features, *levels), strict=True))
    parts = tuple(
        Part(
            component=each,
            level=level,
            points=DEFAULT_POINTS[each][level],
            share=DEFAULT_POINTS[each][level],
            evidence="",
            as_of=at,
        )
        for each, level in of.items()
    )
    value = sum(part.points for part in parts)
    return HealthScore(
        value=value, status=Rubric().status(value), coverage=1.0, parts=parts, scored_at=at
    )


def test_check_names_plans_and_features_nobody_has(rubric, config, history):
    config(
        '[rubric]\ncore_features = ["report_exported"]\nplans = ["growth", "Grwth"]\n'
        '[[alerts.routes]]\nchannel = "C0BIG"\nplans = ["Enterprise"]\n'
    )
    _, out, _ = rubric("check")
    assert "nobody used 'report_exported' in 30 days" in out
    assert "rubric.plans: no account is on a plan called 'Grwth'; did you mean 'Growth'?" in out
    assert "called 'growth'" not in out
    assert "alerts.routes.1.plans: no account is on a plan called 'Enterprise'" in out
    assert "not looked up" not in out


def test_check_as_json_is_one_object(rubric, config):
    config("[alerts.at_risk]\nfires = 55\n")
    told = json.loads(rubric("check", "--json")[1])
    assert told["rubric"]["weights"]["usage"] == 30
    assert told["alerts"]["at_risk"]["fires"] == 55
    assert "alerts.at_risk.fires" in {each["setting"] for each in told["warnings"]}
    assert told["database_not_looked_at"].startswith("There is no database yet")


# rubric diff


def test_diff_says_who_would_change_and_what_would_have_been_alerted(rubric, file, history):
    lower = file("[rubric]\nstable = 50\n[alerts.at_risk]\nfires = 50\nclears = 55\n", "new.toml")
    code, out, _ = rubric("diff", lower)
    assert code == 0
    assert "Status today: 0 of 2 accounts would change" in out
    assert "At-risk: 1 → 0; 1 gone: Acme" in out
    assert "Nothing was changed" in out


def test_diff_by_new_points_scores_the_history_anew(rubric, file, history):
    heavier = file(
        "[rubric.points.usage]\ndaily = 60\nweekly = 20\nmonthly = 0\ninactive = 0\n", "new.toml"
    )
    told = json.loads(rubric("diff", heavier, "--json", "--days", "30")[1])
    # Acme has 20 + 10 + 15 + 10 + 10 of 130 points, Globex 60 + 25 + 15 + 10 + 10.
    assert told["moves"] == [
        {
            "account": "Acme",
            "from": "Stable",
            "to": "At-risk",
            "score_from": 65.0,
            "score_to": pytest.approx(50.0),
        }
    ]
    assert told["accounts"] == 2
    rules = {each["rule"]: each for each in told["rules"]}
    assert (rules["at_risk"]["before"], rules["at_risk"]["gone"]) == (1, {"Acme": 1})
    # 50 before the dip, 34.6 in it: Critical, which says the sharp drop as well.
    assert rules["critical"]["new"] == {"Acme": 1}
    assert "sharp_drop" not in rules
    assert (told["skipped"], told["account_days"]) == (0, 82)


def test_diff_says_what_it_cannot_replay(rubric, file, history):
    new = file(
        '[rubric]\ncore_features = ["a"]\nusage_daily_days = 4\n[alerts.hours]\nalways = true\n',
        "new.toml",
    )
    _, out, _ = rubric("diff", new)
    for said in (
        "rubric.core_features differs",
        "rubric.usage_daily_days differs",
        "alerts.hours differs, which says when and whom to tell",
        "Flags and billing events",
    ):
        assert said in out
    assert "rubric.points differs" not in out


def test_diff_leaves_a_section_that_is_not_given_as_it_is(rubric, config, file, history):
    config("[alerts.at_risk]\nfires = 50\nclears = 55\n")
    only_rubric = file("[rubric]\nhealthy = 85\n", "new.toml")
    rules = json.loads(rubric("diff", only_rubric, "--json")[1])["rules"]
    assert "at_risk" not in {each["rule"] for each in rules}
    whole = file(CONFIG, "whole.toml")
    rules = {each["rule"]: each for each in json.loads(rubric("diff", whole, "--json")[1])["rules"]}
    assert rules["at_risk"]["new"] == {"Acme": 1}


def test_diff_changes_nothing_that_is_stored(rubric, file, history, home):
    new = file("[rubric]\nstable = 70\n", "new.toml")
    before = rubric("diff", new, "--json")[1]
    database = open_database(f"sqlite:///{home / 'bellwether.db'}")
    with database.read() as session:
        known = session.connection().exec_driver_sql("SELECT count(*) FROM rubric").scalar()
        states = session.connection().exec_driver_sql("SELECT count(*) FROM alert").scalar()
    database.dispose()
    assert (known, states) == (1, 0)
    assert rubric("diff", new, "--json")[1] == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "says nothing: it needs a section [rubric] or [alerts]."),
        ("[rubric]\nstabel = 60", "Unknown key rubric.stabel. Did you mean stable?"),
        ("[rubrik]\nstable = 60", "Unknown key rubrik. Did you mean rubric?"),
        ("[rubric", "is not valid TOML"),
        ("[alerts.at_risk]\nfires = 70", "an alert must clear above the line it fires at"),
    ],
)
def test_diff_names_what_is_wrong_with_the_new_file(rubric, file, history, text, told):
    code, out, err = rubric("diff", file(text, "new.toml"))
    assert (code, out) == (2, "")
    assert "new.toml" in err
    assert told in err


def test_diff_without_a_history_says_so(rubric, file, home):
    home.mkdir()
    database = open_database(f"sqlite:///{home / 'bellwether.db'}")
    database.upgrade()
    database.dispose()
    code, out, _ = rubric("diff", file("[rubric]\nstable = 70\n", "new.toml"))
    assert code == 0
    assert "There is no history yet." in out


# rubric test


def test_the_examples_that_are_shipped_hold(rubric):
    code, out, _ = rubric("test", EXAMPLES, of=None)
    assert code == 0, out
    cases = len(tomllib.loads(EXAMPLES.read_text("utf-8"))["case"])
    assert out.endswith(f"{cases} cases: {cases} ok, 0 failed\n")


def test_the_examples_in_the_page_hold(rubric, file):
    page = (ROOT / "docs/rule-tests.md").read_text("utf-8")
    (example,) = [each for each in page.split("```toml\n") if each.startswith("[[case]]")]
    code, out, _ = rubric("test", file(example.partition("```")[0]), of=None)
    assert code == 0, out


FAILING = """
[[case]]
name = "five points clear"
scores = [70, 58, 57, 66, 66]
expect = [
    { look = 2, rule = "at_risk", change = "opened" },
    { look = 5, rule = "at_risk", change = "resolved" },
]
"""


def test_a_case_that_fails_says_what_was_expected_and_what_came(rubric, file):
    code, out, _ = rubric("test", file(FAILING), of=None)
    assert code == 1
    assert out.splitlines() == [
        "FAILED  five points clear",
        "        look 2 (58): expected At-risk (at_risk) opened; it did not happen",
        "        look 3 (57): At-risk (at_risk) opened, which was not expected",
        "1 case: 0 ok, 1 failed",
    ]


def test_the_lines_of_a_configuration_hold_where_one_is_given(rubric, config, file):
    config("[alerts.at_risk]\nconfirmations = 1\n")
    assert rubric("test", file(FAILING), of=None)[0] == 1
    assert rubric("test", file(FAILING))[0] == 0


def test_a_json_file_may_leave_out_a_score_with_null(rubric, file):
    case = {
        "name": "nothing known for a day",
        "scores": [70, 58, None, 57],
        "at": ["2026-03-01", "2026-03-02T09:00:00Z", "2026-03-03", "2026-03-09T09:00:00+02:00"],
        "expect": [{"look": 4, "rule": "at_risk", "change": "opened"}],
    }
    code, out, _ = rubric("test", file(json.dumps({"case": [case]}), "tests.json"), of=None)
    assert code == 0, out


def test_the_result_as_json_tells_every_case(rubric, file):
    code, out, _ = rubric("test", file(FAILING), "--json", of=None)
    told = json.loads(out)
    assert (code, told["failed"]) == (1, 1)
    assert told["cases"][0]["missed"] == [
        {"look": 2, "rule": "at_risk", "change": "opened", "quiet": None}
    ]


def test_a_mistake_in_the_file_is_a_wrong_use(rubric, file):
    code, out, err = rubric("test", file("[[case]]\nscores = [1]"), of=None)
    assert (code, out) == (2, "")
    assert err.endswith("tests.toml: case 1: name is missing.\n")


def test_a_file_that_is_not_there_says_so(rubric, tmp_path):
    assert rubric("test", tmp_path / "none.toml", of=None)[0] == 2
