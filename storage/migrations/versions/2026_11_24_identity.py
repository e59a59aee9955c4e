"""Identity: who made a link, what people said it is not, whom nobody wants to see again, and parents."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_identity"
down_revision = "2026_11_24_billing_events"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("link") as link:
        link.add_column(sa.Column("linked_by", sa.Text(), nullable=True))
        link.add_column(sa.Column("ignored_at", sa.DateTime(timezone=True), nullable=True))
        link.add_column(sa.Column("ignored_by", sa.Text(), nullable=True))
        link.add_column(sa.Column("parent_ref", sa.Text(), nullable=True))
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("parent_id", sa.Integer(), nullable=True))
        account.add_column(sa.Column("parent_by", sa.Text(), nullable=True))
        account.create_foreign_key(
            op.f("fk_account_parent_id"), "account", ["parent_id"], ["id"], ondelete="SET NULL"
        )
        account.create_index(op.f("ix_account_parent_id"), ["parent_id"])
    op.create_table(
        "link_refusal",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["link.id"], name=op.f("fk_link_refusal_link_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_link_refusal_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("link_id", "account_id", name=op.f("pk_link_refusal")),
    )


def downgrade() -> None:
    op.drop_table("link_refusal")
    with op.batch_alter_table("account") as account:
        account.drop_index(op.f("ix_account_parent_id"))
        account.drop_constraint(op.f("fk_account_parent_id"), type_="foreignkey")
        account.drop_column("parent_by")
        account.drop_column("parent_id")
    with op.batch_alter_table("link") as link:
        for name in ("parent_ref", "ignored_by", "ignored_at", "linked_by"):
            link.drop_column(name)
