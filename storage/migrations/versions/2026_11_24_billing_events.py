"""Billing events: what became of subscriptions, and what they were last seen to be."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_billing_events"
down_revision = "2026_11_24_surveys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "billing_state",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lapsed", sa.Boolean(), nullable=False),
        sa.Column("subscriptions", sa.Text(), nullable=True),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_billing_state_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_billing_state")),
    )
    op.create_index(op.f("ix_billing_state_waits"), "billing_state", ["waits"])
    op.create_table(
        "billing_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before_minor", sa.BigInteger(), nullable=True),
        sa.Column("before_currency", sa.Text(), nullable=True),
        sa.Column("after_minor", sa.BigInteger(), nullable=True),
        sa.Column("after_currency", sa.Text(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_billing_event_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_event")),
        sa.UniqueConstraint(
            "account_id",
            "at",
            "kind",
            "subject",
            name=op.f("uq_billing_event_account_id_at_kind_subject"),
        ),
    )
    op.create_index(op.f("ix_billing_event_at"), "billing_event", ["at"])


def downgrade() -> None:
    op.drop_table("billing_event")
    op.drop_table("billing_state")
