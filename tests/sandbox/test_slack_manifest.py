"""What the sandbox reads in a manifest, and that it holds the app to it."""

import pytest

from sandbox.slack.manifest import Manifest, Shortcut, read_manifest

WRITTEN = """
display_information:
  name: Bellwether
features:
  app_home:
    home_tab_enabled: true
    messages_tab_enabled: true
    messages_tab_read_only_enabled: true # people may only read
  bot_user:
    display_name: bellwether
  shortcuts: # two of them
    - name: "Log: an outreach" # in a message's menu
      type: message
      callback_id: log_outreach
      description: Note what was done
    # between the entries
    - callback_id: find_account
      name: Find an account
      type: global

      description: Look one up
  slash_commands:
    - command: /health
      should_escape: false
  unfurl_domains:
  - example.com
  - "app.other.example"
oauth_config:
  scopes:
    bot:
      - chat:write # speak
settings:
  event_subscriptions:
    bot_events:
      - app_home_opened
      - message.im
"""


@pytest.fixture
def manifest(tmp_path):
    path = tmp_path / "manifest.yml"
    path.write_text(WRITTEN)
    return read_manifest(path)


def test_the_manifest_is_read_with_its_quotes_and_comments(manifest):
    assert manifest == Manifest(
        scopes=frozenset({"chat:write"}),
        events=frozenset({"app_home_opened", "message.im"}),
        commands=frozenset({"/health"}),
        shortcuts=(
            Shortcut(callback_id="log_outreach", name="Log: an outreach", kind="message"),
            Shortcut(callback_id="find_account", name="Find an account", kind="global"),
        ),
        unfurl_domains=frozenset({"example.com", "app.other.example"}),
        has_home=True,
        is_read_only=True,
        escapes_commands=False,
    )


def test_what_a_manifest_does_not_name_is_not_granted(tmp_path):
    (tmp_path / "manifest.yml").write_text("display_information:\n  name: Bellwether\n")
    manifest = read_manifest(tmp_path / "manifest.yml")
    assert not manifest.has_shortcut("log_outreach", "message")
    assert manifest.unfurls("example.com") is None
    assert not manifest.subscribes("link_shared")
    assert not manifest.has_home


def test_a_domain_covers_the_hosts_under_it(manifest):
    assert manifest.unfurls("example.com") == "example.com"
    assert manifest.unfurls("crm.example.com") == "example.com"
    assert manifest.unfurls("notexample.com") is None
    assert manifest.unfurls("other.example") is None


def test_a_shortcut_counts_for_its_kind_alone(manifest):
    assert manifest.has_shortcut("find_account", "global")
    assert not manifest.has_shortcut("find_account", "message")


@pytest.fixture
def bound(sandbox, tmp_path):
    """A sandbox that holds the app to the manifest above."""
    sandbox.stop()
    (tmp_path / "manifest.yml").write_text(WRITTEN)
    sandbox.options = ("--manifest", str(tmp_path / "manifest.yml"))
    sandbox.start()
    return sandbox


def test_what_the_manifest_does_not_grant_is_refused(bound):
    said = bound.do("shortcut", user="U0CSM1", callback_id="nonsense")
    assert said == {"ok": False, "error": "unknown_shortcut"}
    said = bound.do("message", user="U0CSM1", channel="D0CSM1", text="hello?")
    assert said["error"] == "messages_tab_read_only"
    said = bound.do("command", user="U0CSM1", channel="D0CSM1", text="acme")
    assert said["error"] == "messages_tab_read_only"
    shown = bound.get("/sandbox/screen?user=U0CSM1")
    assert [each["name"] for each in shown["shortcuts"]] == ["Log: an outreach", "Find an account"]
