"""What whoever runs the bot may ask it over HTTP: whether it is ready, and its metrics. /healthz is in bot/web.py."""

from http import HTTPStatus

from bot.metrics import CONTENT_TYPE, Metrics
from bot.readiness import Readiness
from bot.web import Answer, Call, Route

_NEVER_KEPT = {"Cache-Control": "no-store"}


def routes(readiness: Readiness, metrics: Metrics) -> dict[str, Route]:
    """/readyz and /metrics. Both answer without asking Slack anything."""

    def ready(_call: Call) -> Answer:
        checks = readiness.checks()
        is_ready = all(each.is_well for each in checks)
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        told = {each.name: {"ok": each.is_well, "told": each.told} for each in checks}
        return Answer(status, {"ready": is_ready, "checks": told}, _NEVER_KEPT)

    def measure(_call: Call) -> Answer:
        return Answer(
            HTTPStatus.OK, metrics.render(), {**_NEVER_KEPT, "Content-Type": CONTENT_TYPE}
        )

    return {"/readyz": Route("GET", ready), "/metrics": Route("GET", measure)}
