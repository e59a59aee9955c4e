"""Every table, so that one import knows them all."""

from storage.tables.accounts import AccountRow, LinkDomainRow, LinkRefusalRow, LinkRow
from storage.tables.alerts import AlertActionRow, AlertRow, AlertStateRow, TaskRow, WatchRow
from storage.tables.base import Table
from storage.tables.billing import BillingEventRow, BillingStateRow
from storage.tables.people import AuditRow, MemberRow
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
from storage.tables.scores import AccountScoreRow, DirtyRow, RubricRow, SnapshotRow
from storage.tables.work import (
    OccurrenceRow,
    OutboxRow,
    RejectedRow,
    ScheduleRow,
    SeenRow,
    SlackChannelRow,
    SourceRunRow,
    SourceStateRow,
)

__all__ = [
    "AccountRow", "AccountScoreRow", "ActiveUserRow", "AlertActionRow", "AlertRow", "AlertStateRow", "AuditRow",
    "BillingEventRow", "BillingStateRow", "CardRow", "ContactRow", "DirtyRow", "InvoiceRow", "LinkDomainRow", "LinkRefusalRow", "LinkRow", "MemberRow", "OccurrenceRow",
    "OutboxRow", "RejectedRow", "RubricRow", "ScheduleRow", "SeenRow", "SlackChannelRow", "SnapshotRow",
    "SourceRunRow", "SourceStateRow", "SubscriptionRow", "SurveyResponseRow", "Table", "TaskRow", "TicketRow", "UsageDayRow", "WatchRow",
]  # fmt: skip
