"""Connecting, in the configuration: how Slack is reached, and where we are."""

import re
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from integrations.base import ASKED

_LAST_PORT = 65_535
_NEEDED_IN = {"app_token": "socket", "signing_secret": "http"}


class SlackConfig(BaseModel, frozen=True, extra="forbid"):
    """How to reach the workspace."""

    bot_token: SecretStr = Field(description="The bot's token, xoxb-… (OAuth & Permissions).")
    mode: Literal["socket", "http"] = Field(
        default="socket",
        description="How Slack reaches us: over a socket that we open, or by calling [web].",
    )
    app_token: SecretStr | None = Field(
        default=None,
        validate_default=True,
        json_schema_extra=ASKED,
        description="The app-level token, xapp-…, with connections:write (Basic Information).",
    )
    signing_secret: SecretStr | None = Field(
        default=None,
        validate_default=True,
        json_schema_extra=ASKED,
        description="The signing secret, by which Slack's calls are known (Basic Information).",
    )
    team_channel: str = Field(
        description="The team channel's id, C…: alerts of every account go there."
    )
    admin_channel: str = Field(
        description="The operators' channel's id, C…: sources that fail, messages that get stuck."
    )
    base_url: str = "https://slack.com/api/"
    pictures: Literal["png", "native", "none"] = "png"

    @field_validator("team_channel", "admin_channel")
    @classmethod
    def _is_an_id(cls, channel: str) -> str:
        if not re.fullmatch(r"[CG][A-Z0-9]+", channel):
            raise ValueError(
                "is not a channel's id; copy it from the foot of the channel's details, like C0123456789"
            )
        return channel

    @field_validator("app_token", "signing_secret")
    @classmethod
    def _is_there_in_its_mode(
        cls, secret: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        mode, name = info.data.get("mode"), str(info.field_name)
        if mode != _NEEDED_IN[name] or (secret and secret.get_secret_value()):
            return secret
        if mode == "socket":
            raise PydanticCustomError("missing", "missing")
        raise ValueError(
            'is missing: slack.mode = "http" needs it. Copy it from the app\'s page, Basic Information'
        )


class WebConfig(BaseModel, frozen=True, extra="forbid"):
    """Where we are called: the address that is listened on, and the one the world knows it by (None: nobody said)."""

    listen: str = Field(
        default="127.0.0.1:8080", description="Where it listens; a proxy in front of it does TLS."
    )
    public_url: str | None = Field(
        default=None, description="How the world knows it, https://…: vendors call this address."
    )

    @field_validator("listen")
    @classmethod
    def _is_host_and_port(cls, listen: str) -> str:
        told = re.fullmatch(r"(?:\[[0-9a-fA-F:.]+\]|[^\s:/]+):(\d{1,5})", listen)
        if not told or int(told[1]) > _LAST_PORT:
            raise ValueError("must be a host and a port, like 127.0.0.1:8080")
        return listen

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
            raise ValueError("must be an address like https://bellwether.example.com")
        return url and url.rstrip("/")


class SandboxConfig(BaseModel, frozen=True, extra="forbid"):
    """The sandbox a demo runs on: story time is asked of it. No installation has one."""

    url: str
