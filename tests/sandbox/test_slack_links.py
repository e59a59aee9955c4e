"""Links: the event they raise, the previews an app puts under them, and permalinks."""

import pytest
from slack_sdk.errors import SlackApiError
from waiting import wait_for

URL = "https://crm.example.com/accounts/42?tab=health&week=1"


def error_of(call, **arguments):
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return caught.value.response["error"]


def preview(text="Acme · 58, At-risk"):
    press = {"type": "button", "action_id": "open", "text": {"type": "plain_text", "text": "Open"}}
    return {
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": text}},
            {"type": "actions", "block_id": "do", "elements": [press]},
        ]
    }


def write(sandbox, channel="C0TEAM", text=f"Look at {URL}, please"):
    return sandbox.do("message", user="U0CSM1", channel=channel, text=text)["ts"]


def attachments(sandbox, ts):
    posted = sandbox.get("/sandbox/transcript")["messages"]
    return next(each for each in posted if each["ts"] == ts).get("attachments", [])


@pytest.mark.parametrize(("channel", "is_member"), [("C0TEAM", True), ("C0GENERAL", False)])
def test_a_link_raises_an_event_even_where_the_app_is_no_member(
    sandbox, app, connect, channel, is_member
):
    shared = []

    @app.event("link_shared")
    def hear(event):
        shared.append(event)

    app.event("message")(lambda: None)
    connect()
    ts = write(sandbox, channel)
    (event,) = wait_for(lambda: shared)
    assert event["links"] == [{"domain": "crm.example.com", "url": URL}]
    assert (event["channel"], event["message_ts"], event["user"]) == (channel, ts, "U0CSM1")
    assert event["is_bot_user_member"] is is_member
    assert event["source"] == "conversations_history"
    assert event["unfurl_id"].startswith(f"{channel}.{ts}.")


def test_an_event_about_a_link_can_be_answered_by_its_unfurl_id(sandbox, app, connect):
    @app.event("link_shared")
    def show(event, client):
        named = {name: event[name] for name in ("unfurl_id", "source")}
        client.chat_unfurl(unfurls={URL: preview()}, **named)

    app.event("message")(lambda: None)
    connect()
    ts = write(sandbox)
    (shown,) = wait_for(lambda: attachments(sandbox, ts))
    assert shown["original_url"] == URL
    assert shown["blocks"][0]["text"]["text"] == "Acme · 58, At-risk"


def test_unfurling_again_changes_the_preview(sandbox, web):
    ts = write(sandbox)
    for text in ("first", "second"):
        web.chat_unfurl(channel="C0TEAM", ts=ts, unfurls={URL: preview(text)})
    (shown,) = attachments(sandbox, ts)
    assert shown["blocks"][0]["text"]["text"] == "second"


def test_what_cannot_be_unfurled_is_refused_with_slacks_words(sandbox, web):
    ts = write(sandbox)
    at, unfurls = {"channel": "C0TEAM", "ts": ts}, {URL: preview()}
    other = {"https://crm.example.com/": preview()}
    assert error_of(web.chat_unfurl, **at, unfurls=other) == "cannot_unfurl_message"
    assert error_of(web.chat_unfurl, channel="C0TEAM", ts="1.0", unfurls=unfurls) == "cannot_find_message"  # fmt: skip
    assert error_of(web.chat_unfurl, channel="C0NONE", ts=ts, unfurls=unfurls) == "cannot_find_channel"  # fmt: skip
    assert error_of(web.chat_unfurl, unfurl_id="x", source="conversations_history", unfurls=unfurls) == "invalid_unfurl_id"  # fmt: skip
    assert error_of(web.chat_unfurl, unfurl_id="x", unfurls=unfurls) == "missing_source"
    assert error_of(web.chat_unfurl, channel="C0TEAM", unfurls=unfurls) == "missing_ts"
    assert error_of(web.api_call, api_method="chat.unfurl", json=at) == "missing_unfurls"
    assert error_of(web.chat_unfurl, **at, unfurls={URL: preview("")}) == "cannot_parse_attachment"
    assert attachments(sandbox, ts) == []


def test_only_the_manifests_domains_are_unfurled(sandbox, app, connect):
    sandbox.stop()
    manifest = sandbox.home / "manifest.yml"
    manifest.write_text(
        "features:\n  unfurl_domains:\n    - example.com\n"
        "oauth_config:\n  scopes:\n    bot:\n      - links:read\n      - links:write\n"
        "settings:\n  event_subscriptions:\n    bot_events:\n      - link_shared\n"
    )
    sandbox.options = ("--manifest", str(manifest))
    sandbox.start()
    web = sandbox.web(retry_handlers=[])
    ts = write(sandbox, text=f"{URL} and https://other.example/1")
    unfurls = {"https://other.example/1": preview()}
    assert (
        error_of(web.chat_unfurl, channel="C0TEAM", ts=ts, unfurls=unfurls) == "cannot_unfurl_url"
    )
    web.chat_unfurl(channel="C0TEAM", ts=ts, unfurls={URL: preview()})
    assert len(attachments(sandbox, ts)) == 1


def test_a_press_in_a_preview_tells_the_preview_and_not_the_message(sandbox, web, app, connect):
    pressed = []

    @app.action("open")
    def press(ack, body, respond):
        pressed.append(body)
        ack()
        respond("Only you see this.", replace_original=True)

    app.event("link_shared")(lambda: None)
    app.event("message")(lambda: None)
    connect()
    ts = write(sandbox)
    web.chat_unfurl(channel="C0TEAM", ts=ts, unfurls={URL: preview()})
    where = {"user": "U0CSM2", "channel": "C0TEAM", "ts": ts, "attachment_id": 1}
    assert sandbox.do("click", action_id="open", **where)["ok"]
    container = pressed[0]["container"]
    assert (container["type"], container["is_app_unfurl"]) == ("message_attachment", True)
    assert container["app_unfurl_url"] == pressed[0]["app_unfurl"]["app_unfurl_url"] == URL
    assert "message" not in pressed[0]
    wait_for(lambda: sandbox.whispers("U0CSM2") == ["Only you see this."])
    assert sandbox.texts()[0].startswith("Look at")


def test_whoever_may_not_see_it_is_told_so_alone(sandbox, web):
    ts = write(sandbox)
    web.chat_unfurl(
        channel="C0TEAM", ts=ts, unfurls={}, user_auth_message="You may not see accounts."
    )
    assert sandbox.whispers("U0CSM1") == ["You may not see accounts."]
    assert attachments(sandbox, ts) == []


def test_a_permalink_leads_to_the_page_and_names_a_replys_thread(sandbox, web):
    first = web.chat_postMessage(channel="C0TEAM", text="first")["ts"]
    reply = web.chat_postMessage(channel="C0TEAM", text="reply", thread_ts=first)["ts"]

    def link(ts):
        return web.chat_getPermalink(channel="C0TEAM", message_ts=ts)["permalink"]

    assert link(first) == f"{sandbox.url}/archives/C0TEAM/p{first.replace('.', '')}"
    assert link(reply).endswith(f"?thread_ts={first}&cid=C0TEAM")
    assert (
        error_of(web.chat_getPermalink, channel="C0TEAM", message_ts="1.0") == "message_not_found"
    )
