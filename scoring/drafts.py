"""Drafts: what to write to a customer, as a template with the account's facts in braces."""

import string
from collections.abc import Mapping
from dataclasses import dataclass

from scoring.rules import Rule

# What may stand in braces, each with what is written where nobody knows it: a gap to be filled by hand.
FIELDS: Mapping[str, str] = {
    "account": "[account]",
    "me": "[your name]",
    "csm": "[CSM]",
    "plan": "[plan]",
    "renewal": "[renewal date]",
    "minutes": "[minutes]",
    "reason": "[reason]",
    "next_step": "[next step]",
    "score": "[score]",
    "mrr": "[MRR]",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A text to begin with: its subject in one line, and what comes below."""

    subject: str
    text: str


def check_draft(template: str) -> None:
    """Raise ValueError, naming the field, for a template that could not be filled in. An empty one is no draft."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        raise ValueError("has a brace too many or too few; write {{ and }} for braces") from None
    for _, field, spec, conversion in parts:
        if field is not None and field not in FIELDS:
            known = ", ".join(f"{{{each}}}" for each in FIELDS)
            raise ValueError(f"there is no field {{{field}}}; known are: {known}")
        if spec or conversion:
            raise ValueError(f"write {{{field}}} without anything behind its name")
    subject, _, text = template.partition("\n")
    if template and not (subject.strip() and text.strip()):
        raise ValueError("needs a subject in its first line and the text below it")


def fill_draft(template: str, facts: Mapping[str, str]) -> Draft:
    """The template with the facts put in; one that is empty or missing leaves a gap in square brackets.

    Braces in a fact stay what they are. The subject is one line, whatever the facts hold.
    """
    known = {name: facts.get(name) or gap for name, gap in FIELDS.items()}
    subject, _, text = template.partition("\n")
    return Draft(
        subject=" ".join(subject.format_map(known).split()), text=text.format_map(known).strip()
    )


def _draft(subject: str, *paragraphs: str) -> str:
    return "\n\n".join([subject, "Hi [name],", *paragraphs, "Best,\n{me}"])


_CHECK_IN = _draft(
    "{account}: how is it going?",
    "I wanted to hear how things stand with you. Has anything changed in what you need from us?",
    "Could we take {minutes} minutes this week? I would like to leave with one thing we do for you next.",
)
_USE = _draft(
    "{account}: is it still doing what you need?",
    "I noticed that your team works with us a little differently than before, and would rather ask than guess.",
    "What changed on your side? If something is in the way, {minutes} minutes together may be enough to clear it.",
)
_MORE = _draft(
    "{account}: what you could do next",
    "You and your team are getting a lot done. Well done!",
    "I have two ideas that other teams like yours took up next. May I show you, in {minutes} minutes?",
)

# None of them tells the customer their score or what they pay: those are for us.
DRAFTS: Mapping[Rule, str] = {
    Rule.CRITICAL: _draft(
        "{account}: can we talk today?",
        "I have the impression that you are not getting from us what you should, and I want to put that right.",
        "Could we speak today or tomorrow, for {minutes} minutes? Tell me a time and I will call you.",
    ),
    Rule.CANCELLATION: _draft(
        "{account}: about your cancellation",
        "I am sorry that you decided to leave. Your cancellation has reached us, and I will see that it goes smoothly.",
        "Would you tell me, in {minutes} minutes or a few lines, what made you decide, and what would have to be different?",
    ),
    Rule.NON_RENEWAL: _draft(
        "{account}: thank you, and one question",
        "Your contract has ended. Thank you for the time you were with us.",
        "What made the difference? A few honest lines help us, and should your plans change, write to me directly.",
    ),
    Rule.DOWNGRADE: _draft(
        "{account}: does the new plan fit?",
        "I saw that you changed your plan, and want to be sure that the new one has what you rely on.",
        "Is there something you no longer need, or something that was not worth it? I am glad to look at it with you.",
    ),
    Rule.DETRACTOR: _draft(
        "{account}: thank you for being honest",
        "Thank you for your answer to our survey. It is not what we hope for, and that makes it useful.",
        "What is the one thing that would change your mind? I will tell you what we can do about it, and by when.",
    ),
    Rule.AT_RISK: _CHECK_IN,
    Rule.SHARP_DROP: _CHECK_IN,
    Rule.PAYMENT_ISSUE: _draft(
        "{account}: a payment did not go through",
        "A payment of yours did not reach us. Often it is an expired card or an invoice that got stuck.",
        "Could you have a look, or tell me who does? Nothing changes for your team in the meantime.",
    ),
    Rule.SUPPORT_ESCALATION: _draft(
        "{account}: your open ticket",
        "I know that your ticket is still open and that it matters to you. I have asked for its state.",
        "You will hear from me by tomorrow with who works on it and what comes next.",
    ),
    Rule.DECLINING_USAGE: _USE,
    Rule.FEATURE_ABANDONMENT: _USE,
    Rule.CHAMPION_QUIET: _draft(
        "{account}: are you still the right person?",
        "We have not heard from each other for a while, so I ask plainly: are you still the one to talk to?",
        "If somebody else has taken over, would you introduce us? I would like to know a second person as well.",
    ),
    Rule.LOW_ENGAGEMENT: _draft(
        "{account}: too many mails from us?",
        "I have the feeling that our mails are not useful to you, and I would rather send fewer and better ones.",
        "What would be worth your time? You can simply answer this mail, or pick {minutes} minutes for a call.",
    ),
    Rule.NO_FIRST_VALUE: _draft(
        "{account}: the first thing that pays off",
        "Most teams get something out of it as soon as the first piece is set up, and I would like you to be there soon.",
        "Shall we do it together? {minutes} minutes are enough, and you bring a real case of yours.",
    ),
    Rule.SCORE_AND_MONEY: _draft(
        "{account}: your plans for the year",
        "I would like to plan ahead with you: your next date with us is {renewal}.",
        "What do you want to get done until then, and is there anything that would keep you from going on?",
    ),
    Rule.EXPANSION: _MORE,
    Rule.GROWING: _MORE,
    Rule.ADVANCED_FEATURE: _draft(
        "{account}: I would love to see what you built",
        "I saw that your team took up one of our advanced features. Not many do, and I am curious.",
        "Would you show me, in {minutes} minutes? It may be a story worth telling, with your name on it if you like.",
    ),
    Rule.READY_FOR_MORE: _MORE,
}
