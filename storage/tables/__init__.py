"""Every table, so that one import knows them all."""

from storage.tables.accounts import AccountRow, LinkDomainRow, LinkRow
from storage.tables.alerts import AlertActionRow, AlertRow, AlertStateRow, TaskRow, WatchRow
from storage.tables.base import Table
from storage.tables.people import AuditRow, MemberRow
from storage.tables.records import (
    ActiveUserRow,
    CardRow,
    ContactRow,
    InvoiceRow,
    SubscriptionRow,
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
    "CardRow", "ContactRow", "DirtyRow", "InvoiceRow", "LinkDomainRow", "LinkRow", "MemberRow", "OccurrenceRow",
    "OutboxRow", "RejectedRow", "RubricRow", "ScheduleRow", "SeenRow", "SlackChannelRow", "SnapshotRow",
    "SourceRunRow", "SourceStateRow", "SubscriptionRow", "Table", "TaskRow", "TicketRow", "UsageDayRow", "WatchRow",
]  # fmt: skip
