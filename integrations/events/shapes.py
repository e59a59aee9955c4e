"""Event shapes: how each vendor's lines say what happened, when, by whom and for which account."""

from dataclasses import dataclass

# A row without a time cannot be placed on a day. An event cannot happen before there was the vendor, nor
# after it was uploaded: clocks that run a little fast are set right, those that are off are not believed.
_EARLIEST_S = 946_684_800  # 2000-01-01
_FAST_CLOCK_S = 86_400
_EMAIL_MAX = 320

# The few properties we need, read while the line is parsed: fast, and little memory.
_MIXPANEL_TYPED = """
SELECT event, CASE WHEN isfinite(properties.time) THEN properties.time END AS t,
       properties.distinct_id AS person, properties."$insert_id" AS insert_id, {account} AS account
FROM read_json($files, format = 'newline_delimited', ignore_errors = true, columns = {{
    event: 'VARCHAR',
    properties: 'STRUCT("time" DOUBLE, distinct_id VARCHAR, "$insert_id" VARCHAR{more})'}})
"""

# The whole of the properties, so that what has no $insert_id is told apart by everything it says.
_MIXPANEL_WHOLE = """
SELECT event, CASE WHEN isfinite(TRY_CAST(p[1] AS DOUBLE)) THEN TRY_CAST(p[1] AS DOUBLE) END AS t,
       p[2] AS person, coalesce(p[3], md5(properties)) AS insert_id, {account} AS account
FROM (SELECT event, properties, json_extract_string(
          properties, ['/time', '/distinct_id', '/$insert_id', {pointer}]) AS p
      FROM read_json($files, format = 'newline_delimited', ignore_errors = true,
                     columns = {{event: 'VARCHAR', properties: 'JSON'}}))
"""

_AMPLITUDE_TYPED = """
SELECT event_type AS event, event_time AS happened, server_upload_time AS uploaded, user_id AS person,
       coalesce(nullif("$insert_id", ''), uuid) AS insert_id, {holder}.{name} AS given
FROM read_json($files, format = 'newline_delimited', ignore_errors = true, columns = {{
    event_type: 'VARCHAR', event_time: 'VARCHAR', server_upload_time: 'VARCHAR', user_id: 'VARCHAR',
    "$insert_id": 'VARCHAR', uuid: 'VARCHAR', {holder}: 'STRUCT({name_in_type} VARCHAR)'}})
"""

_AMPLITUDE_WHOLE = """
SELECT p[1] AS event, p[2] AS happened, p[3] AS uploaded, p[4] AS person,
       coalesce(nullif(p[5], ''), p[6], md5(json)) AS insert_id, p[7] AS given
FROM (SELECT json, json_extract_string(json, [
          '/event_type', '/event_time', '/server_upload_time', '/user_id', '/$insert_id', '/uuid',
          {pointer}]) AS p
      FROM read_ndjson_objects($files, ignore_errors = true))
"""

# Identify calls set properties, often of everybody at night; nobody uses anything by them.
_AMPLITUDE_ROWS = """
SELECT event, CASE WHEN done_s < {earliest} OR done_s > sent_s + {fast} THEN NULL
                   WHEN done_s > sent_s THEN sent_s ELSE done_s END AS t,
       person, insert_id, {account} AS account
FROM (SELECT *, epoch(TRY_CAST(happened AS TIMESTAMP)) AS done_s,
             epoch(TRY_CAST(uploaded AS TIMESTAMP)) AS sent_s FROM ({rows}))
WHERE event IS NULL OR event NOT IN ('$identify', '$groupidentify')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Two SELECTs of event, t (seconds), person, insert_id and account from the files of an export.

    `typed` reads the few fields that are needed; `whole` makes up an insert_id of all a row says where it
    has none. With `by_domain` the account is a host name, still to be normalised. `lacking` names what
    events without an account lack, `mend` the setting that may be wrong. `sealed` says that the files
    have checksums: a broken line is then no sign of an export that was cut short.
    """

    typed: str
    whole: str
    lacking: str
    mend: str
    by_domain: bool = False
    sealed: bool = False


def mixpanel_shape(account_property: str | None) -> Shape:
    """Mixpanel's raw export. None: the account is not in the event."""
    if account_property is None:
        typed = _MIXPANEL_TYPED.format(account="NULL::VARCHAR", more="")
        whole = _MIXPANEL_WHOLE.format(account="NULL::VARCHAR", pointer="'/$none'")
        return Shape(
            typed=typed,
            whole=whole,
            lacking="an account in their person's profile",
            mend="account_property, and that profiles have it or an $email",
        )
    more = f", {_in_type(account_property)} VARCHAR"
    account = f"properties.{_quoted(account_property)}"
    return Shape(
        typed=_MIXPANEL_TYPED.format(account=account, more=more),
        whole=_MIXPANEL_WHOLE.format(account="p[4]", pointer=_pointer(account_property)),
        lacking=account_property,
        mend="account_property",
    )


def amplitude_shape(holder: str, name: str, *, by_domain: bool = False) -> Shape:
    """Amplitude's export: the account is called `name` in `holder` (groups or user_properties)."""
    typed = _AMPLITUDE_TYPED.format(holder=holder, name=_quoted(name), name_in_type=_in_type(name))
    whole = _AMPLITUDE_WHOLE.format(pointer=_pointer(holder, name))
    domain = (
        f"CASE WHEN contains(given, '@') AND length(given) <= {_EMAIL_MAX}"
        " THEN lower(trim(split_part(given, '@', -1))) END"
    )
    account = domain if by_domain else "given"
    outer = {"earliest": _EARLIEST_S, "fast": _FAST_CLOCK_S, "account": account}
    return Shape(
        typed=_AMPLITUDE_ROWS.format(rows=typed, **outer),
        whole=_AMPLITUDE_ROWS.format(rows=whole, **outer),
        lacking=f"an account in {holder}.{name}",
        mend="account_by",
        by_domain=by_domain,
        sealed=True,
    )


def _pointer(*names: str) -> str:
    """Where a property lies, as a JSON pointer (RFC 6901), whatever characters are in its names."""
    return _literal("".join("/" + each.replace("~", "~0").replace("/", "~1") for each in names))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _in_type(name: str) -> str:
    """A quoted name inside a type that is itself a string."""
    return _quoted(name).replace("'", "''")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
