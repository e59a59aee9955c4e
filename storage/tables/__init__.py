"""Every table, so that one import knows them all."""

from storage.tables.accounts import AccountRow, LinkDomainRow, LinkRefusalRow, LinkRow
from storage.tables.alerts import (
    AlertActionRow,
    AlertRow,
    AlertStandingRow,
    HoldRow,
    LookDueRow,
    NoticeRow,
    TaskRow,
    WatchRow,
)
from storage.tables.base import Table
from storage.tables.billing import BillingEventRow, BillingStateRow
from storage.tables.notes import ErasedRow, NoteRow, SentimentRow
from storage.tables.people import AuditRow, HomeRow, MemberRow, UserGroupRow
from storage.tables.records import (
    ActiveUserRow,
    CardRow,
    ContactRow,
    InvoiceRow,
    SubscriptionRow,
    SurveyResponseRow,
    TicketRow,
    UsageDayRow,
)
from storage.tables.scores import AccountScoreRow, DirtyRow, FleetRow, RubricRow, SnapshotRow
from storage.tables.work import (
    OccurrenceRow,
    OutboxRow,
    PictureRow,
    RejectedRow,
    ScheduleRow,
    SeenRow,
    SlackChannelRow,
    SourceRunRow,
    SourceStateRow,
)

__all__ = [
    "AccountRow", "AccountScoreRow", "ActiveUserRow", "AlertActionRow", "AlertRow", "AlertStandingRow",
    "AuditRow", "BillingEventRow", "BillingStateRow", "CardRow", "ContactRow", "DirtyRow", "ErasedRow",
    "FleetRow", "HoldRow", "HomeRow", "InvoiceRow", "LinkDomainRow", "LinkRefusalRow", "LinkRow", "LookDueRow",
    "MemberRow", "NoteRow", "NoticeRow", "OccurrenceRow", "OutboxRow", "PictureRow", "RejectedRow", "RubricRow",
    "ScheduleRow", "SeenRow", "SentimentRow", "SlackChannelRow", "SnapshotRow", "SourceRunRow",
    "SourceStateRow", "SubscriptionRow", "SurveyResponseRow", "Table", "TaskRow", "TicketRow", "UsageDayRow",
    "UserGroupRow", "WatchRow",
]  # fmt: skip
