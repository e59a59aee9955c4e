"""What each rule is called, and how an alert says it."""

from collections.abc import Mapping

from scoring.lagging import BillingEventKind
from scoring.rules import Rule

RULES: Mapping[Rule, str] = {
    Rule.CRITICAL: "Critical",
    Rule.AT_RISK: "At-risk",
    Rule.EXPANSION: "Ready to expand",
    Rule.SHARP_DROP: "Sharp drop",
    Rule.CANCELLATION: "Cancellation",
    Rule.NON_RENEWAL: "Not renewed",
    Rule.DOWNGRADE: "Downgrade",
    Rule.DETRACTOR: "NPS detractor",
    Rule.PAYMENT_ISSUE: "Payment issue",
    Rule.SUPPORT_ESCALATION: "Support escalation",
    Rule.DECLINING_USAGE: "Declining usage",
    Rule.FEATURE_ABANDONMENT: "Feature abandoned",
    Rule.CHAMPION_QUIET: "Champion gone quiet",
    Rule.LOW_ENGAGEMENT: "Low engagement",
    Rule.NO_FIRST_VALUE: "No first value",
    Rule.SCORE_AND_MONEY: "Score and money disagree",
    Rule.GROWING: "Growing",
    Rule.ADVANCED_FEATURE: "Advanced feature taken up",
    Rule.READY_FOR_MORE: "Ready for a bigger plan",
}

# What is said after the account's name, for the rules that are no line on the score.
HAPPENED: Mapping[Rule, str] = {
    Rule.SHARP_DROP: "is falling fast",
    Rule.CANCELLATION: "asked to cancel",
    Rule.NON_RENEWAL: "did not renew",
    Rule.DOWNGRADE: "pays less than before",
    Rule.DETRACTOR: "has a detractor",
    Rule.PAYMENT_ISSUE: "has a payment issue",
    Rule.SUPPORT_ESCALATION: "has an escalated ticket",
    Rule.DECLINING_USAGE: "uses the product less",
    Rule.FEATURE_ABANDONMENT: "stopped using a feature",
    Rule.CHAMPION_QUIET: "lost its champion's voice",
    Rule.LOW_ENGAGEMENT: "hardly answers any more",
    Rule.NO_FIRST_VALUE: "has not got started",
    Rule.SCORE_AND_MONEY: "has a score that its money contradicts",
    Rule.GROWING: "is growing",
    Rule.ADVANCED_FEATURE: "took up an advanced feature",
    Rule.READY_FOR_MORE: "may be ready for a bigger plan",
}

EVENTS: Mapping[str, str] = {
    BillingEventKind.CANCELLATION_REQUESTED: "asked to cancel",
    BillingEventKind.CANCELLED: "cancelled",
    BillingEventKind.NOT_RENEWED: "did not renew",
    BillingEventKind.DOWNGRADE: "pays less than before",
}
