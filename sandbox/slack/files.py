"""Web API: files in three steps (an address, the bytes, completion), and the wait until one is usable."""

import mimetypes
import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from sandbox.slack.args import Args
from sandbox.slack.chat import file_is_ready, writable
from sandbox.slack.errors import SlackError
from sandbox.slack.people import BOT, Channel
from sandbox.slack.world import World

Json = dict[str, Any]
READY_AFTER_S = 0.4


def get_upload_url(world: World, args: Args) -> Json:
    file_id = f"F0{secrets.token_hex(5).upper()}"
    name, size = args.need("filename"), int(args.need("length"))
    file = {"id": file_id, "name": name, "title": name, "size": size, "user": BOT, "state": "asked"}
    world.workspace.record("file", file=file)
    return {"upload_url": f"{world.url}/slack/upload/{file_id}", "file_id": file_id}


def complete_upload(world: World, args: Args) -> Json:
    """Shares the files when a channel is named, else the app keeps them to itself; blocks give way to an initial comment."""
    channel = writable(world, args.text("channel_id")) if "channel_id" in args else None
    files = [_complete(world, wanted, shared=channel) for wanted in args.data("files") or []]
    if not files:
        raise SlackError("invalid_arguments")
    if channel is not None:
        world.workspace.post(
            channel.id,
            user=BOT,
            text=args.text("initial_comment"),
            files=files,
            thread_ts=args.text("thread_ts") or None,
        )
    return {"files": files}


def _complete(world: World, wanted: Json, *, shared: Channel | None) -> Json:
    file = world.workspace.files.get(wanted.get("id", ""))
    if file is None or file["state"] == "asked":
        raise SlackError("file_not_found")
    kind = mimetypes.guess_type(file["name"])[0] or "application/octet-stream"
    url = f"{world.url}/slack/files/{file['id']}"
    title = wanted.get("title") or file["name"]
    done = file | {
        "title": title,
        "state": "done",
        "mimetype": kind,
        "url_private": url,
        "permalink": url,
        "is_public": shared is not None and shared.dm_with is None,
        "channels": [shared.id] if shared is not None and shared.dm_with is None else [],
        "ims": [shared.id] if shared is not None and shared.dm_with is not None else [],
    }
    world.files_ready_at[file["id"]] = time.monotonic() + READY_AFTER_S
    world.workspace.record("file", file=done)
    return done


def file_info(world: World, args: Args) -> Json:
    file_id = args.need("file")
    if file_id not in world.workspace.files:
        raise SlackError("file_not_found")
    file = world.workspace.files[file_id]
    return {"file": file if file_is_ready(world, file_id) else file | {"mimetype": ""}}


async def take_upload(request: Request) -> Response:
    """The second step: the bytes, as they are."""
    world: World = request.app.state.world
    file_id = request.path_params["file_id"]
    file = world.workspace.files.get(file_id)
    if file is None:
        return PlainTextResponse("not found", status_code=404)
    body = await request.body()
    folder = world.home / "files"
    folder.mkdir(exist_ok=True)
    (folder / file_id).write_bytes(body)
    world.workspace.record("file", file=file | {"state": "sent", "size": len(body)})
    return PlainTextResponse(f"OK - {len(body)}")


async def give_file(request: Request) -> Response:
    """Shows a file on the page. Slack would want a token; the page has none."""
    world: World = request.app.state.world
    file = world.workspace.files.get(request.path_params["file_id"])
    if file is None or file["state"] != "done":
        return PlainTextResponse("not found", status_code=404)
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    return FileResponse(
        world.home / "files" / file["id"], media_type=file["mimetype"], headers=headers
    )
