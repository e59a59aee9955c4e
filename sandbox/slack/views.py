"""Web API: views.*."""

from typing import Any

from sandbox.slack.args import Args
from sandbox.slack.errors import SlackError
from sandbox.slack.judge import Surface
from sandbox.slack.modals import complete
from sandbox.slack.world import World

Json = dict[str, Any]


def open_view(world: World, args: Args) -> Json:
    user = world.passes.pull(_trigger(args))
    return _shown(world, world.modals.open(user, _view(args)))


def push_view(world: World, args: Args) -> Json:
    user = world.passes.pull(_trigger(args))
    return _shown(world, world.modals.push(user, _view(args)))


def update_view(world: World, args: Args) -> Json:
    """A hash, if given, must be that of the view as it is now."""
    _, old = world.modals.find(args.text("view_id"), args.text("external_id"))
    if "hash" in args and args.text("hash") != old["hash"]:
        raise SlackError("hash_conflict")
    return _shown(world, world.modals.update(old, _view(args)))


def publish_view(world: World, args: Args) -> Json:
    if not world.manifest.has_home:
        raise SlackError("not_enabled")
    user = args.need("user_id")
    member = world.workspace.member(user)
    if not member.is_person:
        raise SlackError("not_enabled" if member.is_bot else "user_not_found")
    old = world.workspace.homes.get(user)
    if "hash" in args and args.text("hash") != (old or {}).get("hash"):
        raise SlackError("hash_conflict")
    view = complete(_view(args), surface=Surface.HOME)
    if old is not None:
        view |= {"id": old["id"], "root_view_id": old["id"]}
    world.workspace.record("home", user=user, view=view)
    return {"view": view}


def _trigger(args: Args) -> str:
    return args.need("trigger_id" if "trigger_id" in args else "interactivity_pointer")


def _view(args: Args) -> Json:
    args.need("view")
    view = args.data("view")
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments")
    return view


def _shown(world: World, view: Json) -> Json:
    world.workspace.touch()
    return {"view": view}
