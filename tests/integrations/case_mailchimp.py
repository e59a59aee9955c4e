"""Mailchimp in a few lines, over hand-written fixtures in today's shapes."""

import io
import json
import tarfile
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vendor_case import SECRET, Case, load
from vendor_server import Answer, Request


@dataclass
class Mailchimp:
    campaigns: list[Any] = field(default_factory=lambda: load("mailchimp/campaigns.json"))
    activity: dict[str, list[Any]] = field(default_factory=lambda: load("mailchimp/activity.json"))
    batches: dict[str, list[Any]] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)
    polls_until_finished: int = 2
    archive: bytes | None = None  # instead of what the batch came to
    drops: set[str] = field(default_factory=set)  # operations without a result
    fails: set[str] = field(default_factory=set)  # operations that fail within a batch

    def __call__(self, request: Request) -> Answer:
        if request.path.startswith("/signed/"):
            assert "authorization" not in request.headers
            return self._archive(request.path.removeprefix("/signed/"))
        if not _is_let_in(request):
            return problem(
                401, "API Key Invalid", "Your API key may be invalid, or wrong data center."
            )
        path = request.path.removeprefix("/3.0/")
        if path == "batches":
            return self._start(json.loads(request.body)["operations"])
        if path.startswith("batches/"):
            return self._status(path.removeprefix("batches/"), request.headers["host"])
        query = {name: values[0] for name, values in request.query.items()}
        return Answer.of(*self.get(path, query))

    def get(self, path: str, query: dict[str, Any]) -> tuple[Any, int]:
        assert int(query["count"]) <= 1000
        if path in {"campaigns", "reports"}:
            rows = self._sent(query.get("since_send_time"))
            first, size = int(query.get("offset", 0)), int(query["count"])
            return {path: rows[first : first + size], "total_items": len(rows)}, 200
        campaign = path.removeprefix("reports/").removesuffix("/email-activity")
        if campaign not in self.activity:
            return {"title": "Resource Not Found", "status": 404, "detail": "Gone."}, 404
        assert query["filter_bots"] == "true"
        rows = [self._since(row, query.get("since")) for row in self.activity[campaign]]
        first, size = int(query["offset"]), int(query["count"])
        return {"emails": rows[first : first + size], "total_items": len(rows)}, 200

    def _sent(self, since: str | None) -> list[Any]:
        rows = [row for row in self.campaigns if row["status"] == "sent"]
        return [row for row in rows if since is None or row["send_time"] >= since]

    def _since(self, row: Any, since: str | None) -> Any:
        """Asked for what came after an instant, everybody is listed, with less or nothing in their activity."""
        if since is None:
            return row
        floor = datetime.fromisoformat(since)
        later = [a for a in row["activity"] if datetime.fromisoformat(a["timestamp"]) > floor]
        return row | {"activity": later}

    def _start(self, operations: list[Any]) -> Answer:
        assert 0 < len(operations) <= 100
        assert {each["method"] for each in operations} == {"GET"}
        name = f"batch{len(self.batches):05d}"
        self.batches[name], self.polls[name] = operations, 0
        return Answer.of({"id": name, "status": "pending", "response_body_url": ""})

    def _status(self, name: str, host: str) -> Answer:
        if name not in self.batches:
            return problem(404, "Resource Not Found", "The requested resource could not be found.")
        self.polls[name] += 1
        if self.polls[name] < self.polls_until_finished:
            return Answer.of({"id": name, "status": "started", "response_body_url": ""})
        url = f"http://{host}/signed/{name}?X-Amz-Expires=600"
        return Answer.of({"id": name, "status": "finished", "response_body_url": url})

    def _archive(self, name: str) -> Answer:
        if self.archive is not None:
            return Answer(self.archive, headers={"content-type": "application/gzip"})
        results = [
            self.result(each)
            for each in self.batches[name]
            if each["operation_id"] not in self.drops
        ]
        files = {"": b"", "0.json": b"", "1.json": results[:4], "2.json": results[4:]}
        return Answer(packed(files), headers={"content-type": "application/gzip"})

    def result(self, operation: Any) -> Any:
        body, status = self.get(operation["path"].lstrip("/"), operation["params"])
        if operation["operation_id"] in self.fails:
            body, status = {"title": "Internal Server Error"}, 500
        return {
            "operation_id": operation["operation_id"],
            "status_code": status,
            "response": json.dumps(body),
        }

    def break_one(self) -> None:
        self.activity["00000000a1"][0]["activity"][0]["timestamp"] = "yesterday"


def packed(files: dict[str, Any]) -> bytes:
    """A tar.gz of JSON files; a nameless one stands for the folder they lie in."""
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"./{name}")
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            info.type, info.size = (tarfile.REGTYPE, len(body)) if name else (tarfile.DIRTYPE, 0)
            archive.addfile(info, io.BytesIO(body))
    return into.getvalue()


def problem(status: int, title: str, detail: str) -> Answer:
    body = {"type": "https://mailchimp.com/developer/", "title": title, "status": status}
    return Answer.of(body | {"detail": detail, "instance": "5a4db0f0"}, status)


def _is_let_in(request: Request) -> bool:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    return kind == "Basic" and b64decode(encoded).decode().partition(":")[2] == SECRET


CASE = Case(Mailchimp, {"api_key": SECRET}, "api_key")
