"""What the stand-in vendors let in: fixed values, for the demo's configuration and for tests."""

MIXPANEL_PROJECT = 3187
MIXPANEL_USER = "bellwether.sandbox.mp-service-account"
MIXPANEL_SECRET = "sandbox-mixpanel-secret"  # noqa: S105

ZENDESK_CLIENT = "bellwether_sandbox"
ZENDESK_CLIENT_SECRET = "sandbox-zendesk-secret"  # noqa: S105
ZENDESK_AGENT_CLIENT = "bellwether_sandbox_agent"  # same secret, but its user is no admin
ZENDESK_EMAIL = "bot@northwind.example"
ZENDESK_API_TOKEN = "sandbox-zendesk-token"  # noqa: S105

STRIPE_KEY = "rk_sandbox_bellwether"
STRIPE_NARROW_KEY = "rk_sandbox_narrow"  # may not read invoices

HUBSPOT_TOKEN = "pat-sandbox-bellwether"  # noqa: S105
HUBSPOT_NARROW_TOKEN = "pat-sandbox-narrow"  # may not read contacts  # noqa: S105
