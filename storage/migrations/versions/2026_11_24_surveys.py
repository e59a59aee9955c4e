"""Surveys: what people answered."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_surveys"
down_revision = "2026_11_22"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey_response",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("ticket_id", sa.Text(), nullable=True),
        sa.Column("has_comment", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["link.id"], name=op.f("fk_survey_response_link_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source", "id", name=op.f("pk_survey_response")),
    )
    op.create_index(op.f("ix_survey_response_link_id"), "survey_response", ["link_id"])
    op.create_index(
        op.f("ix_survey_response_source_ticket_id"), "survey_response", ["source", "ticket_id"]
    )


def downgrade() -> None:
    op.drop_table("survey_response")
