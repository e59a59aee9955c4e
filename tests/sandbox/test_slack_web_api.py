"""The Web API, called by the real SDK."""

import http.client
import signal

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler


def error_of(call, **arguments):
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return caught.value.response["error"]


def test_a_token_of_the_wrong_kind_is_refused(sandbox):
    assert error_of(sandbox.web("nonsense").auth_test) == "invalid_auth"
    assert error_of(sandbox.web(None).auth_test) == "not_authed"
    assert error_of(sandbox.web("xapp-1").auth_test) == "not_allowed_token_type"
    assert (
        error_of(sandbox.web("xoxb-1").apps_connections_open, app_token="xoxb-1")
        == "not_allowed_token_type"
    )


def test_the_bot_learns_who_it_is(web):
    me = web.auth_test()
    assert (me["team_id"], me["user_id"]) == ("T0SANDBOX", "U0BELLWETHER")


def test_a_posted_message_is_read_back_with_its_metadata(web):
    metadata = {"event_type": "alert", "event_payload": {"key": "a-1"}}
    posted = web.chat_postMessage(channel="C0TEAM", text="hello", metadata=metadata)
    plain = web.conversations_history(channel="C0TEAM")["messages"]
    full = web.conversations_history(channel="C0TEAM", include_all_metadata=True)["messages"]
    assert [message["ts"] for message in plain] == [posted["ts"]]
    assert "metadata" not in plain[0]
    assert full[0]["metadata"] == metadata


def test_ts_grow_while_the_story_stands_still(web):
    first, second = (web.chat_postMessage(channel="C0TEAM", text="x")["ts"] for _ in range(2))
    assert first < second
    assert first.startswith("1787551200.")


def test_history_turns_pages_and_keeps_to_its_bounds(web):
    ts = [web.chat_postMessage(channel="C0TEAM", text=str(n))["ts"] for n in range(4)]
    page = web.conversations_history(channel="C0TEAM", limit=3)
    rest = web.conversations_history(
        channel="C0TEAM", limit=3, cursor=page["response_metadata"]["next_cursor"]
    )
    assert [each["text"] for each in page["messages"] + rest["messages"]] == ["3", "2", "1", "0"]
    assert not rest["has_more"]
    inside = web.conversations_history(channel="C0TEAM", oldest=ts[1], latest=ts[3])["messages"]
    assert [each["text"] for each in inside] == ["2"]


def test_replies_stand_in_the_thread_and_not_in_the_channel(web):
    parent = web.chat_postMessage(channel="C0TEAM", text="parent")["ts"]
    web.chat_postMessage(channel="C0TEAM", text="reply", thread_ts=parent)
    (shown,) = web.conversations_history(channel="C0TEAM")["messages"]
    assert shown["reply_count"] == 1
    thread = web.conversations_replies(channel="C0TEAM", ts=parent)["messages"]
    assert [each["text"] for each in thread] == ["parent", "reply"]


def test_an_update_keeps_what_it_does_not_mention(web):
    blocks = [{"type": "divider"}]
    metadata = {"event_type": "alert", "event_payload": {}}
    ts = web.chat_postMessage(channel="C0TEAM", text="one", blocks=blocks, metadata=metadata)["ts"]
    web.chat_update(channel="C0TEAM", ts=ts, text="two")
    (shown,) = web.conversations_history(channel="C0TEAM", include_all_metadata=True)["messages"]
    assert (shown["text"], shown["blocks"][0]["type"]) == ("two", "divider")
    assert shown["metadata"] == metadata
    assert shown["edited"]["user"] == "U0BELLWETHER"


def test_only_ones_own_messages_are_changed(sandbox, web):
    ts = sandbox.do("message", user="U0CSM1", channel="C0TEAM", text="mine")["ts"]
    assert error_of(web.chat_update, channel="C0TEAM", ts=ts, text="x") == "cant_update_message"
    assert error_of(web.chat_update, channel="C0TEAM", ts="1.0", text="x") == "message_not_found"
    assert error_of(web.chat_delete, channel="C0TEAM", ts=ts) == "cant_delete_message"


@pytest.mark.parametrize(
    ("channel", "error"),
    [("C0GENERAL", "not_in_channel"), ("C0OLD", "is_archived"), ("C0NOWHERE", "channel_not_found")],
)
def test_posting_where_one_cannot_is_refused(web, channel, error):
    assert error_of(web.chat_postMessage, channel=channel, text="x") == error


def test_a_person_is_written_to_by_their_id(sandbox, web):
    assert web.chat_postMessage(channel="U0CSM1", text="hi")["channel"] == "D0CSM1"
    assert web.conversations_open(users="U0CSM1")["channel"]["id"] == "D0CSM1"
    assert sandbox.texts("D0CSM1") == ["hi"]


def test_content_is_judged_before_it_is_taken(web):
    nothing = {"channel": "C0TEAM"}
    assert error_of(web.api_call, api_method="chat.postMessage", json=nothing) == "no_text"
    assert error_of(web.chat_postMessage, channel="C0TEAM", text="x" * 40_001) == "msg_too_long"
    wrong = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]
    with pytest.raises(SlackApiError) as caught:
        web.chat_postMessage(channel="C0TEAM", text="x", blocks=wrong)
    assert caught.value.response["error"] == "invalid_blocks"
    (said,) = caught.value.response["response_metadata"]["messages"]
    assert said == "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"


def test_guests_strangers_bots_and_leavers_are_told_apart(web):
    flags = ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "deleted", "is_admin")
    by_id = {
        user["id"]: {flag for flag in flags if user[flag]} for user in web.users_list()["members"]
    }
    assert by_id["U0CSM1"] == set()
    assert by_id["U0OPS"] == {"is_admin"}
    assert by_id["U0GUEST"] == {"is_restricted"}
    assert by_id["U0SINGLE"] == {"is_restricted", "is_ultra_restricted"}
    assert by_id["U0STRANGER"] == {"is_stranger"}
    assert by_id["U0LEFT"] == {"deleted"}
    assert by_id["U0OTHERBOT"] == {"is_bot"}
    assert web.users_info(user="U0STRANGER")["user"]["team_id"] != "T0SANDBOX"


def test_a_locale_is_told_when_it_is_asked_for(web):
    told = {user["id"]: user["locale"] for user in web.users_list(include_locale=True)["members"]}
    others = {user: locale for user, locale in told.items() if locale != "en-US"}
    assert others == {"U0CSM2": "en-GB", "U0CSM4": "de-DE", "U0HEAD": "fr-FR"}
    assert web.users_info(user="U0HEAD", include_locale=True)["user"]["locale"] == "fr-FR"
    assert "locale" not in web.users_info(user="U0HEAD")["user"]
    assert all("locale" not in user for user in web.users_list()["members"])


def test_a_user_group_tells_its_people_and_they_change(sandbox, web):
    def by_handle(**asked):
        return {each["handle"]: each for each in web.usergroups_list(**asked)["usergroups"]}

    assert set(by_handle()) == {"csm", "finance"}
    assert "users" not in by_handle()["csm"]
    assert by_handle(include_users=True)["finance"]["users"] == ["U0HEAD", "U0OPS"]
    assert by_handle(include_count=True)["finance"]["user_count"] == 2
    staff = ["U0CSM1", "U0CSM2", "U0CSM3", "U0CSM4", "U0HEAD"]
    assert web.usergroups_users_list(usergroup="S0CSM")["users"] == staff
    assert sandbox.do("group", group="S0CSM", people=["U0OPS"])["ok"]
    assert web.usergroups_users_list(usergroup="S0CSM")["users"] == ["U0OPS"]
    assert error_of(web.usergroups_users_list, usergroup="S0NONE") == "no_such_subteam"
    sandbox.stop()
    sandbox.start()
    assert sandbox.web().usergroups_users_list(usergroup="S0CSM")["users"] == ["U0OPS"]


def test_a_csm_is_found_by_the_address_the_crm_has(web):
    csm = web.users_info(user="U0CSM1")["user"]
    found = web.users_lookupByEmail(email=csm["profile"]["email"])["user"]
    assert found["id"] == "U0CSM1"
    assert error_of(web.users_lookupByEmail, email="nobody@example.com") == "users_not_found"


def test_a_shared_channel_says_so(web):
    assert web.conversations_info(channel="C0SHARED")["channel"]["is_ext_shared"] is True
    assert "U0STRANGER" in web.conversations_members(channel="C0SHARED")["members"]


def test_too_many_posts_into_one_channel_are_limited_and_the_wait_is_said(sandbox, web):
    def hurry():
        for _ in range(20):
            web.chat_postMessage(channel="C0TEAM", text="x")

    with pytest.raises(SlackApiError) as caught:
        hurry()
    assert len(sandbox.texts()) >= 4
    assert caught.value.response.status_code == 429
    assert int(caught.value.response.headers["retry-after"]) == 1
    web.chat_postMessage(channel="U0CSM1", text="elsewhere is free")
    patient = sandbox.web(retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=3)])
    patient.chat_postMessage(channel="C0TEAM", text="waited")
    assert sandbox.texts()[-1] == "waited"


def test_a_reply_lost_after_the_commit_leaves_one_message_and_an_exception(sandbox, web):
    sandbox.break_("commit_then_drop", method="chat.postMessage")
    with pytest.raises((ConnectionError, http.client.HTTPException, OSError)):
        web.chat_postMessage(channel="C0TEAM", text="once")
    assert sandbox.texts() == ["once"]


def test_the_sdks_own_retry_posts_such_a_message_twice(sandbox):
    sandbox.break_("commit_then_drop", method="chat.postMessage")
    sandbox.web().chat_postMessage(channel="C0TEAM", text="once?")
    assert sandbox.texts() == ["once?", "once?"]


def test_faults_are_armed_for_a_method_and_a_number_of_times(sandbox, web):
    sandbox.break_("error:fatal_error", method="chat.update", times=2)
    ts = web.chat_postMessage(channel="C0TEAM", text="x")["ts"]
    for _ in range(2):
        assert error_of(web.chat_update, channel="C0TEAM", ts=ts, text="y") == "fatal_error"
    web.chat_update(channel="C0TEAM", ts=ts, text="y")
    assert sandbox.get("/sandbox/counts")["calls"]["chat.update"] == 3


def test_a_restart_keeps_messages_homes_and_the_time(sandbox, web):
    web.chat_postMessage(channel="C0TEAM", text="kept")
    web.views_publish(user_id="U0CSM1", view={"type": "home", "blocks": [{"type": "divider"}]})
    sandbox.post("/sandbox/clock", now="2026-08-30T06:00:00+00:00")
    sandbox.process.kill()
    sandbox.stop(signal.SIGKILL)
    with (sandbox.home / "slack.jsonl").open("a") as journal:
        journal.write('{"kind": "message", "torn')
    sandbox.start()
    assert sandbox.texts() == ["kept"]
    assert sandbox.get("/sandbox/clock")["now"].startswith("2026-08-30T06:00:00")
    assert "U0CSM1" in sandbox.get("/sandbox/transcript")["homes"]
    sandbox.web().chat_postMessage(channel="C0TEAM", text="and on")
    assert sandbox.texts() == ["kept", "and on"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(sandbox, number):
    assert sandbox.stop(number) == 0


def test_it_ends_when_its_parents_end_of_stdin_closes(sandbox):
    sandbox.process.stdin.close()
    assert sandbox.process.wait(timeout=20) == 0
    sandbox.process.stdout.close()


def test_a_file_takes_three_steps_and_a_moment(sandbox, web):
    done = web.files_upload_v2(
        channel="C0TEAM", content=b"a,b\n", filename="book.csv", title="Book"
    )
    file_id = done["file"]["id"]
    assert sandbox.get("/sandbox/transcript")["messages"][0]["files"][0]["title"] == "Book"
    while not web.files_info(file=file_id)["file"]["mimetype"]:
        pass
    assert web.files_info(file=file_id)["file"]["mimetype"] == "text/csv"


def test_a_file_without_a_channel_is_the_apps_alone_and_stands_in_an_image(sandbox, web):
    file_id = web.files_upload_v2(content=b"GIF89a", filename="chart.gif", title="Chart")["file"][
        "id"
    ]
    image = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "Chart"}
    arguments = {"channel": "C0TEAM", "text": "x", "blocks": [image]}
    assert error_of(web.chat_postMessage, **arguments) == "invalid_blocks"
    while not web.files_info(file=file_id)["file"]["mimetype"]:
        pass
    told = web.files_info(file=file_id)["file"]
    assert (told["is_public"], told["channels"]) == (False, [])
    assert sandbox.texts() == []
    web.chat_postMessage(**arguments)
    assert sandbox.texts() == ["x"]


MANIFEST = """
features:
  slash_commands:
    - command: /health
      should_escape: false
oauth_config:
  scopes:
    bot:
      - chat:write  # speak
      - users:read
"""


def test_the_manifest_says_what_is_granted(sandbox):
    sandbox.stop()
    manifest = sandbox.home / "manifest.yml"
    manifest.write_text(MANIFEST)
    sandbox.options = ("--manifest", str(manifest))
    sandbox.start()
    web = sandbox.web()
    web.chat_postMessage(channel="C0TEAM", text="x")
    assert "email" not in web.users_info(user="U0CSM1")["user"]["profile"]
    with pytest.raises(SlackApiError) as caught:
        web.conversations_history(channel="C0TEAM")
    assert caught.value.response["needed"] == "channels:history"
    view = {"type": "home", "blocks": []}
    assert error_of(web.views_publish, user_id="U0CSM1", view=view) == "not_enabled"
    other = {"user": "U0CSM1", "channel": "C0TEAM", "command": "/other"}
    assert sandbox.do("command", **other)["error"] == "unknown_command"
