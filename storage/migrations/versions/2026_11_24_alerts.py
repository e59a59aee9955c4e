"""Alerts that people trust: every rule in one row an account, notices, holds, flags, outcomes, tasks with owners."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_alerts"
down_revision = "2026_11_24_identity"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_ALERT = (
    ("quiet", sa.Text()),
    ("snoozed_from", sa.Float()),
    ("escalated_to", sa.Text()),
    ("escalated_at", _INSTANT),
    ("outcome", sa.Text()),
    ("outcome_by", sa.Text()),
    ("outcome_at", _INSTANT),
)
_TASK = ("assigned_to", "note", "created_by", "done_by")


def upgrade() -> None:
    _gather_states()
    with op.batch_alter_table("alert") as alert:
        alert.alter_column("value", existing_type=sa.Float(), nullable=True)
        for name in ("evidence", "subject"):
            alert.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
        for name, kind in _ALERT:
            alert.add_column(sa.Column(name, kind, nullable=True))
    with op.batch_alter_table("alert") as alert:
        for name in ("evidence", "subject"):
            alert.alter_column(name, existing_type=sa.Text(), server_default=None)
    op.execute("UPDATE alert SET quiet = 'baseline' WHERE NOT announced")
    _is_open = sa.text("closed_at IS NULL")
    op.create_index(
        "uq_alert_open",
        "alert",
        ["account_id", "rule"],
        unique=True,
        sqlite_where=_is_open,
        postgresql_where=_is_open,
    )
    with op.batch_alter_table("task") as task:
        for name in _TASK:
            task.add_column(sa.Column(name, sa.Text(), nullable=True))
    with op.batch_alter_table("slack_channel") as channel:
        channel.add_column(sa.Column("problem", sa.Text(), nullable=True))
        channel.add_column(sa.Column("problem_since", _INSTANT, nullable=True))
    _flag_scores()
    _create_notices()
    _create_holds()


def downgrade() -> None:
    for name in ("fleet", "look_due", "hold", "notice"):
        op.drop_table(name)
    with op.batch_alter_table("account_score") as score:
        for name in ("cap", "judged", "flags"):
            score.drop_column(name)
    with op.batch_alter_table("slack_channel") as channel:
        channel.drop_column("problem_since")
        channel.drop_column("problem")
    with op.batch_alter_table("task") as task:
        for name in reversed(_TASK):
            task.drop_column(name)
    op.drop_index("uq_alert_open", "alert")
    op.execute("DELETE FROM alert WHERE value IS NULL")
    with op.batch_alter_table("alert") as alert:
        for name, _ in reversed(_ALERT):
            alert.drop_column(name)
        alert.drop_column("subject")
        alert.drop_column("evidence")
        alert.alter_column("value", existing_type=sa.Float(), nullable=False)
    _spread_states()


def _flag_scores() -> None:
    with op.batch_alter_table("account_score") as score:
        score.add_column(sa.Column("flags", sa.Text(), nullable=False, server_default="[]"))
        score.add_column(sa.Column("judged", sa.Text(), nullable=False, server_default="{}"))
        score.add_column(sa.Column("cap", sa.Text(), nullable=True))
    with op.batch_alter_table("account_score") as score:
        for name in ("flags", "judged"):
            score.alter_column(name, existing_type=sa.Text(), server_default=None)
    op.create_table(
        "fleet",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("movement", sa.Float(), nullable=False),
        sa.Column("accounts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_fleet")),
    )
    op.create_table(
        "look_due",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("marked_at", _INSTANT, nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_look_due_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_look_due")),
    )


def _create_notices() -> None:
    notice = op.create_table(
        "notice",
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("not_before", _INSTANT, nullable=False),
        sa.Column("message_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alert.id"], name=op.f("fk_notice_alert_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", "target", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_message_key"), "notice", ["message_key"])
    out = sa.table(
        "outbox", sa.column("key"), sa.column("target"), sa.column("created_at", _INSTANT)
    )
    alert = sa.table("alert", sa.column("id"))
    connection = op.get_bind()
    known = {row.id for row in connection.execute(sa.select(alert.c.id))}
    rows = []
    for row in connection.execute(sa.select(out).where(out.c.key.like("alert:%:to:%"))):
        _, alert_id, _, target = [*row.key.split(":"), "", "", ""][:4]
        if (
            alert_id.isdigit()
            and int(alert_id) in known
            and row.key == f"alert:{alert_id}:to:{target}"
        ):
            rows.append(
                {
                    "alert_id": int(alert_id),
                    "target": target,
                    "not_before": row.created_at,
                    "message_key": row.key,
                }
            )
    if rows:
        op.bulk_insert(notice, rows)


def _create_holds() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    is_open = sa.text("closed_at IS NULL")
    op.create_index(
        "uq_hold_open",
        "hold",
        ["kind", "source"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


_OLD = sa.table(
    "alert_state",
    sa.column("account_id"),
    sa.column("rule"),
    sa.column("phase"),
    sa.column("seen"),
    sa.column("episode"),
    sa.column("as_of", _INSTANT),
    sa.column("closed_at", _INSTANT),
    sa.column("announced", sa.Boolean()),
)


def _gather_states() -> None:
    """A row a rule becomes a row an account."""
    connection = op.get_bind()
    by_account: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(sa.select(_OLD)):
        state = {
            "rule": row.rule,
            "phase": row.phase,
            "seen": row.seen,
            "episode": row.episode,
            "as_of": _said(row.as_of),
            "closed_at": _said(row.closed_at),
            "quiet": None if row.announced or not row.episode else "baseline",
        }
        by_account[row.account_id].append({name: value for name, value in state.items() if value})
    op.drop_table("alert_state")
    table = _create_states()
    score = sa.table("account_score", sa.column("account_id"), sa.column("rubric_id"))
    rubrics = {row.account_id: row.rubric_id for row in connection.execute(sa.select(score))}
    rows = [
        {
            "account_id": account_id,
            "rules": json.dumps(
                [each for each in states if each["phase"] != "ok" or "episode" in each],
                sort_keys=True,
                separators=(",", ":"),
            ),
            "rubric_id": rubrics.get(account_id),
            "covers": "",
            "waits": any(each["phase"] in {"pending", "recovering"} for each in states),
        }
        for account_id, states in by_account.items()
    ]
    if rows:
        op.bulk_insert(table, rows)


def _create_states() -> sa.Table:
    table = op.create_table(
        "alert_standing",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("rubric_id", sa.Integer(), nullable=True),
        sa.Column("covers", sa.Text(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_alert_standing_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_alert_standing")),
    )
    op.create_index(op.f("ix_alert_standing_waits"), "alert_standing", ["waits"])
    return table


def _spread_states() -> None:
    """A row an account becomes a row a rule: only the lines were known before."""
    connection = op.get_bind()
    new = sa.table("alert_standing", sa.column("account_id"), sa.column("rules"))
    rows = []
    for row in connection.execute(sa.select(new)):
        known = {each["rule"]: each for each in json.loads(row.rules)}
        for rule in ("critical", "at_risk", "expansion"):
            state = known.get(rule, {})
            rows.append(
                {
                    "account_id": row.account_id,
                    "rule": rule,
                    "phase": state.get("phase", "ok"),
                    "seen": state.get("seen", 0),
                    "episode": state.get("episode", 0),
                    "as_of": _read(state.get("as_of")),
                    "closed_at": _read(state.get("closed_at")),
                    "announced": bool(state.get("episode")) and not state.get("quiet"),
                }
            )
    op.drop_index(op.f("ix_alert_standing_waits"), "alert_standing")
    op.drop_table("alert_standing")
    table = op.create_table(
        "alert_state",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("as_of", _INSTANT, nullable=True),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_alert_state_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "rule", name=op.f("pk_alert_state")),
    )
    if rows:
        op.bulk_insert(table, rows)


def _said(instant: datetime | None) -> str | None:
    if instant is None:
        return None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).isoformat()


def _read(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None
