"""What people add: notes, sentiment, owners they named, Homes they opened; pictures, user groups, whom to forget."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_people"
down_revision = "2026_11_24_alerts"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("csm_by", sa.Text(), nullable=True))
    with op.batch_alter_table("member") as member:
        member.add_column(sa.Column("locale", sa.Text(), nullable=False, server_default="en-US"))
    with op.batch_alter_table("member") as member:
        member.alter_column("locale", existing_type=sa.Text(), server_default=None)
    _of_account(
        "note",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("permalink", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
    )
    _of_account(
        "sentiment",
        sa.Column("mood", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
    )
    op.create_table(
        "erased",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("ref_hash", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erased")),
        sa.UniqueConstraint("source", "ref_hash", name=op.f("uq_erased_source_ref_hash")),
    )
    op.create_table(
        "user_group",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_group")),
    )
    op.create_table(
        "home",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("published_at", _INSTANT, nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_home")),
    )
    op.create_index(op.f("ix_home_opened_at"), "home", ["opened_at"])
    op.create_table(
        "picture",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("ready_at", _INSTANT, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_picture")),
    )
    op.create_index(op.f("ix_picture_created_at"), "picture", ["created_at"])


def _of_account(name: str, *columns: sa.Column[object]) -> None:
    """A table of what members said of accounts, each under a key of its own."""
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("key", name=op.f(f"uq_{name}_key")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f(f"fk_{name}_account_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f(f"ix_{name}_account_id"), name, ["account_id"])


def downgrade() -> None:
    for name in ("picture", "home", "user_group", "erased", "sentiment", "note"):
        op.drop_table(name)
    with op.batch_alter_table("member") as member:
        member.drop_column("locale")
    with op.batch_alter_table("account") as account:
        account.drop_column("csm_by")
