"""SurveyMonkey's shapes: a survey's design, and a response as its bulk endpoint shows it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sandbox.story.surveys import Answer

_SURVEY, _PAGE, _NPS, _CSAT, _WHY = "510004711", "220000001", "330000001", "330000002", "330000003"
_NPS_ROW, _CSAT_ROW = "440000001", "440000002"
_NPS_CHOICE, _CSAT_CHOICE = 550_000_000, 560_000_001
_MODIFIED = "2026-01-12T09:00:00"


def response(one: Answer, here: str, wanted: Collection[str] | None) -> dict[str, Any]:
    """A response; of its answers only those to the questions that are `wanted` (None: all)."""
    ident = f"{9_000_000_000 + one.day * 100_000 + one.account.index * 10 + one.number}"
    given: list[tuple[str, dict[str, Any]]] = [
        (_NPS, {"row_id": _NPS_ROW, "choice_id": str(_NPS_CHOICE + one.nps)})
    ]
    if one.csat is not None:
        given.append((_CSAT, {"row_id": _CSAT_ROW, "choice_id": str(_CSAT_CHOICE + one.csat - 1)}))
    if one.text is not None:
        given.append((_WHY, {"text": one.text}))
    return {
        "id": ident,
        "href": f"{here}/{ident}",
        "survey_id": _SURVEY,
        "collector_id": "50253586",
        "recipient_id": str(one.contact.id),
        "collection_mode": "default",
        "response_status": "completed",
        "custom_value": "",
        "custom_variables": {"account_id": one.account.key} if one.account.tagged else {},
        "metadata": {"contact": {"email": {"type": "string", "value": one.contact.email}}},
        "total_time": 70,
        "ip_address": "192.0.2.1",
        "date_created": _stamp(one.at - timedelta(seconds=70)),
        "date_modified": _stamp(one.at),
        "pages": [
            {
                "id": _PAGE,
                "questions": [
                    {"id": question, "answers": [answer]}
                    for question, answer in given
                    if wanted is None or question in wanted
                ],
            }
        ],
    }


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}+00:00"


def _choice(ident: int, place: int, text: str, weight: int) -> dict[str, Any]:
    kept = {"id": str(ident), "position": place + 1, "text": text, "weight": weight}
    return {**kept, "visible": True, "is_na": False, "description": ""}


def _question(ident: str, family: str, subtype: str, heading: str, **more: Any) -> dict[str, Any]:
    kind = {"id": ident, "family": family, "subtype": subtype, "visible": True}
    return {**kind, "headings": [{"heading": heading}], **more}


def _row(ident: str) -> list[dict[str, Any]]:
    return [{"id": ident, "position": 1, "visible": True, "text": ""}]


def _nps_choices() -> list[dict[str, Any]]:
    """Their weights are not their numbers, but -100, 0 or 100: detractor, passive, promoter."""
    ends = {0: "Not at all likely - 0", 10: "Extremely likely - 10"}
    return [
        _choice(
            _NPS_CHOICE + number,
            number,
            ends.get(number, str(number)),
            -100 if number < 7 else 0 if number < 9 else 100,
        )
        for number in range(11)
    ]


SURVEYS: tuple[dict[str, Any], ...] = (
    {
        "id": _SURVEY,
        "title": "How do you like Northwind?",
        "nickname": "",
        "href": f"https://api.surveymonkey.example/v3/surveys/{_SURVEY}",
        "language": "en",
        "page_count": 1,
        "question_count": 3,
        "custom_variables": {"account_id": "Account"},
        "date_created": _MODIFIED,
        "date_modified": _MODIFIED,
        "pages": [
            {
                "id": _PAGE,
                "position": 1,
                "questions": [
                    _question(
                        _NPS,
                        "matrix",
                        "rating",
                        "How likely is it that you would recommend us?",
                        answers={"rows": _row(_NPS_ROW), "choices": _nps_choices()},
                    ),
                    _question(
                        _CSAT,
                        "matrix",
                        "rating",
                        "How satisfied are you?",
                        answers={
                            "rows": _row(_CSAT_ROW),
                            "choices": [
                                _choice(_CSAT_CHOICE + place, place, "", place + 1)
                                for place in range(5)
                            ],
                        },
                    ),
                    _question(_WHY, "open_ended", "essay", "Why?"),
                ],
            }
        ],
    },
)
