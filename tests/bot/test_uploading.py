"""Uploading: pictures into a Slack that takes its time, lacks a scope or goes away, and the studio in front of it."""

import threading
from contextlib import contextmanager

import pytest
from slack_sdk.errors import SlackApiError
from worlds import TEAM, Outside, own_deps, pass_time, wait_for

from bot.blocks.chart import Chart
from bot.blocks.charts import Trend
from bot.blocks.reader import Reader, reading
from bot.pictures.easel import Easel
from bot.services import picturing
from bot.services.picturing import PictureRefusedError, PictureUnavailableError, Studio
from bot.uploading import SlackFiles
from scoring.rubric import Rubric

ASK, COMPLETE, INFO = "files.getUploadURLExternal", "files.completeUploadExternal", "files.info"
UNTIL = 20_781


@pytest.fixture(scope="module")
def easel(tmp_path_factory):
    return Easel(tmp_path_factory.mktemp("matplotlib"))


@pytest.fixture(scope="module")
def granted(tmp_path_factory):
    """A sandbox whose app has every scope."""
    with sandbox_with(tmp_path_factory.mktemp("granted"), scopes=None) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(granted):
    granted.begin_afresh()
    return granted


@pytest.fixture
def deps(sandbox, tmp_path):
    deps = own_deps(sandbox, tmp_path / "home")
    yield deps
    deps.db.dispose()


@contextmanager
def sandbox_with(folder, *, scopes):
    """A sandbox whose app has these scopes; None: all there are."""
    manifest = folder / "manifest.yml"
    if scopes is not None:
        manifest.write_text("bot:\n" + "".join(f"  - {scope}\n" for scope in scopes))
    sandbox = Outside(folder / "outside", ("--manifest", str(manifest)), accounts=5)
    sandbox.start()
    yield sandbox
    sandbox.stop()


class Shown:
    """What somebody was shown, in its order. `refuses` are the types of block that Slack does not take from them."""

    def __init__(self, *refuses):
        self.blocks, self.threads = [], set()
        self.refuses = refuses

    def __call__(self, block):
        self.threads.add(threading.current_thread().name)
        self.blocks.append(block)
        if block and block["type"] in self.refuses:
            raise PictureRefusedError

    @property
    def kinds(self):
        return [block and block["type"] for block in self.blocks]


@contextmanager
def studio_of(deps, easel, client, *, mode="png"):
    studio = Studio(deps.db, deps.clock, easel, SlackFiles(client), mode=mode)
    studio.start()
    yield studio
    studio.stop()


class Undrawable(Chart):
    """Of a kind that no easel knows."""

    title = alt = drawn = "a sculpture"

    def native(self):
        return {"type": "data_visualization"}


def trend(score=41.0, name="Acme"):
    points = [(UNTIL - at, 70.0) for at in range(9, 0, -1)] + [(UNTIL, score)]
    return Trend(name=name, points=points, until=UNTIL, rubric=Rubric())


def order(studio, chart, *refuses, **more):
    """Order, and wait for what is shown in the end."""
    shown = Shown(*refuses)
    studio.order(chart, shown, **more)
    wait_for(lambda: shown.blocks and shown.kinds[-1] not in refuses)
    return shown


def at_once(_seconds):
    """Time that is not waited for."""
    return False


def bring(files):
    """Upload something, and wait for it."""
    file_id = files.upload(b"\x89PNG", name="trend.png")
    return files.is_usable(file_id, pause=at_once)


def counts(sandbox):
    return sandbox.get("/sandbox/counts")["calls"]


def new_calls(sandbox, before, method):
    return counts(sandbox).get(method, 0) - before.get(method, 0)


def post(client, block):
    return client.chat_postMessage(channel=TEAM, text="Acme", blocks=[block])


def test_a_picture_can_be_shown_when_slack_has_looked_at_it_and_not_before(sandbox, client, easel):
    files, chart = SlackFiles(client), trend()
    file_id = files.upload(easel.draw(chart), name="trend.png")
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        post(client, chart.image(file_id))
    assert files.is_usable(file_id, pause=threading.Event().wait)
    assert post(client, chart.image(file_id))["ok"]
    assert client.files_info(file=file_id)["file"]["mimetype"] == "image/png"


def test_whoever_has_no_time_left_does_not_wait(sandbox, client, easel):
    files = SlackFiles(client)
    file_id = files.upload(easel.draw(trend()), name="trend.png")
    before = counts(sandbox)
    assert not files.is_usable(file_id, pause=lambda _seconds: True)
    assert new_calls(sandbox, before, INFO) == 0


def test_a_file_that_was_deleted_is_not_usable(sandbox, client):
    assert not SlackFiles(client).is_usable("F0GONE", pause=at_once)


@pytest.mark.parametrize("method", [ASK, COMPLETE, INFO])
@pytest.mark.parametrize(
    ("kind", "why", "lasting"),
    [
        ("drop", None, False),
        ("html_200", None, False),
        ("http_500", None, False),
        ("ratelimited", "ratelimited", False),
        ("error:missing_scope", "missing_scope", True),
        ("error:not_allowed", "not_allowed", True),
        ("error:file_uploads_disabled", "file_uploads_disabled", True),
    ],
)
def test_what_keeps_us_from_uploading_passes_or_lasts(sandbox, client, method, kind, why, lasting):
    files = SlackFiles(client)
    sandbox.break_(kind, method=method)
    with pytest.raises(PictureUnavailableError, match=why) as told:
        bring(files)
    assert told.value.lasting is lasting


@pytest.mark.parametrize("scopes", [["files:read"], ["files:write"], []])
def test_either_scope_that_is_missing_lasts(tmp_path, scopes):
    with sandbox_with(tmp_path, scopes=["chat:write", *scopes]) as sandbox:
        files = SlackFiles(sandbox.web())
        with pytest.raises(PictureUnavailableError, match="missing_scope") as told:
            bring(files)
        assert told.value.lasting


def test_a_picture_is_drawn_and_uploaded_once_and_then_ready(sandbox, deps, client, easel):
    before = counts(sandbox)
    with studio_of(deps, easel, client) as studio:
        assert studio.ready(trend()) is None
        first, second = order(studio, trend()), order(studio, trend())
        assert post(client, first.blocks[0])["ok"]
        assert first.blocks == second.blocks == [trend().image(studio.ready(trend()))]
        assert first.threads == {"studio"}
        other = order(studio, trend(40.0))
        assert other.blocks != first.blocks
    assert new_calls(sandbox, before, ASK) == 2
    with studio_of(deps, easel, client) as another:
        assert another.ready(trend()) == first.blocks[0]["slack_file"]["id"]


def test_whoever_orders_the_same_meanwhile_shares_it(sandbox, deps, client, easel):
    before = counts(sandbox)
    sandbox.break_("slow", method=ASK, seconds=0.5)
    with studio_of(deps, easel, client) as studio:
        everybody = [Shown() for _ in range(5)]
        for shown in everybody:
            studio.order(trend(), shown)
        wait_for(lambda: all(shown.blocks for shown in everybody))
    assert {shown.blocks[0]["slack_file"]["id"] for shown in everybody} == {
        everybody[0].blocks[0]["slack_file"]["id"]
    }
    assert new_calls(sandbox, before, ASK) == 1


def test_without_the_scope_slacks_own_chart_is_shown_and_it_is_not_tried_again_for_an_hour(
    sandbox, deps, client, easel
):
    before = counts(sandbox)
    sandbox.break_("error:missing_scope", method=ASK)
    with studio_of(deps, easel, client) as studio:
        assert order(studio, trend()).blocks == [trend().native()]
        assert order(studio, trend(name="Globex")).kinds == ["data_visualization"]
        assert new_calls(sandbox, before, ASK) == 1
        pass_time(deps, minutes=59)
        assert order(studio, trend()).kinds == ["data_visualization"]
        pass_time(deps, minutes=2)
        assert order(studio, trend()).kinds == ["image"]


def test_after_a_lost_connection_it_is_soon_tried_again(sandbox, deps, client, easel):
    sandbox.break_("drop", method=COMPLETE)
    with studio_of(deps, easel, client) as studio:
        assert order(studio, trend()).kinds == ["data_visualization"]
        assert studio.ready(trend()) is None
        pass_time(deps, minutes=1)
        assert order(studio, trend()).kinds == ["image"]


def test_a_picture_that_was_not_ready_in_time_is_not_uploaded_again(sandbox, deps, client, easel):
    before = counts(sandbox)
    sandbox.break_("error:internal_error", method=INFO)
    with studio_of(deps, easel, client) as studio:
        assert order(studio, trend()).kinds == ["data_visualization"]
        pass_time(deps, minutes=1)
        assert order(studio, trend()).kinds == ["image"]
    assert new_calls(sandbox, before, ASK) == 1


def test_a_picture_that_slack_lost_is_uploaded_again(sandbox, deps, client, easel):
    with studio_of(deps, easel, client) as studio:
        order(studio, trend())
        refused = order(studio, trend(), "image")
        assert refused.kinds == ["image", "data_visualization"]
        assert studio.ready(trend()) is None
        again = order(studio, trend())
        assert again.kinds == ["image"]
        assert again.blocks != refused.blocks[:1]


def test_where_slack_has_no_charts_of_its_own_people_go_without_and_it_is_remembered(
    sandbox, deps, client, easel
):
    with studio_of(deps, easel, client, mode="native") as studio:
        first = order(studio, trend(), "data_visualization")
        assert first.kinds == ["data_visualization", None]
        assert order(studio, trend(40.0), "data_visualization").kinds == [None]


def test_a_home_never_gets_slacks_own_chart(sandbox, deps, client, easel):
    sandbox.break_("error:missing_scope", method=ASK)
    with studio_of(deps, easel, client) as studio:
        assert order(studio, trend(), takes_native=False).kinds == [None]


@pytest.mark.parametrize(("mode", "kinds"), [("native", ["data_visualization"]), ("none", [None])])
def test_whoever_wants_no_pictures_gets_none_and_at_once(sandbox, deps, client, easel, mode, kinds):
    before = counts(sandbox)
    with studio_of(deps, easel, client, mode=mode) as studio:
        shown = Shown()
        studio.order(trend(), shown)
        assert shown.kinds == kinds
        assert shown.threads == {threading.current_thread().name}
        assert studio.ready(trend()) is None
    assert new_calls(sandbox, before, ASK) == 0


def test_when_too_many_wait_nobody_waits_behind_them_and_a_stop_leaves_them(
    sandbox, deps, client, easel
):
    sandbox.break_("slow", method=ASK, seconds=1.0)
    with studio_of(deps, easel, client) as studio:
        waiting = [Shown() for _ in range(picturing.MOST_WAITING)]
        for at, shown in enumerate(waiting):
            studio.order(trend(20.0 + at), shown)
        late = Shown()
        studio.order(trend(99.0), late)
        assert late.kinds == [None]
        assert not any(shown.blocks for shown in waiting)
    assert not any(shown.blocks for shown in waiting)
    assert not any(thread.name == "studio" for thread in threading.enumerate())


def test_a_picture_that_cannot_be_drawn_or_shown_does_not_take_the_others_along(
    sandbox, deps, client, easel
):
    def stumble(_block):
        raise RuntimeError

    with studio_of(deps, easel, client) as studio:
        assert order(studio, Undrawable()).blocks == [Undrawable().native()]
        studio.order(trend(), stumble)
        assert order(studio, trend(40.0)).kinds == ["image"]


def test_a_machine_that_cannot_draw_shows_slacks_charts(sandbox, deps, client, tmp_path):
    class Broken(Easel):
        def warm_up(self):
            raise ImportError

    with studio_of(deps, Broken(tmp_path), client) as studio:
        assert order(studio, trend()).kinds == ["data_visualization"]


def test_what_is_said_beside_it_is_in_the_language_of_whoever_ordered(sandbox, deps, client, easel):
    with studio_of(deps, easel, client) as studio:
        with reading(Reader(locale="de-DE")):
            german = order(studio, trend(59.6))
        english = order(studio, trend(59.6))
    assert "59,6" in german.blocks[0]["alt_text"]
    assert "59.6" in english.blocks[0]["alt_text"]
    assert german.blocks[0]["slack_file"] == english.blocks[0]["slack_file"]


def test_a_picture_lets_answers_go_first_and_comes_all_the_same(sandbox, deps, client, easel):
    looks = []

    def is_busy():
        looks.append(1)
        return True

    with studio_of(deps, easel, client) as studio:
        studio._is_busy = is_busy
        assert order(studio, trend(33.0)).kinds == ["image"]
    assert len(looks) > 10
