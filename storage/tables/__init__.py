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
from storage.tables.scores import AccountScoreRow, DirtyRow, FleetRow, RubricRow, SnapshotRow
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
    "AccountRow", "AccountScoreRow", "ActiveUserRow", "AlertActionRow", "AlertRow", "AlertStandingRow", "AuditRow",
    "BillingEventRow", "BillingStateRow", "CardRow", "ContactRow", "DirtyRow", "FleetRow", "HoldRow", "InvoiceRow", "LinkDomainRow", "LinkRefusalRow", "LinkRow", "LookDueRow", "MemberRow", "NoticeRow", "OccurrenceRow",
    "OutboxRow", "RejectedRow", "RubricRow", "ScheduleRow", "SeenRow", "SlackChannelRow", "SnapshotRow",
    "SourceRunRow", "SourceStateRow", "SubscriptionRow", "SurveyResponseRow", "Table", "TaskRow", "TicketRow", "UsageDayRow", "WatchRow",
]  # fmt: skip
