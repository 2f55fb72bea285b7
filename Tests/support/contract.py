"""The outside of Tombolo as the tests know it. When a name changes, it changes here and nowhere else."""

# Cookies, as plain HTTP names them (HTTPS puts the __Host- prefix before the session cookie's name).
SESSION_COOKIE = "tombolo"
CHECK_COOKIE = "tombolo-check"
NONCE_COOKIE = "tombolo-nonce"
DUE_COOKIE = "tombolo-due"


def is_own_cookie(name):
    """Whether a cookie is Tombolo's, none of which may ever reach an upstream."""
    return name.removeprefix("__Host-").removeprefix("__Secure-").startswith("tombolo")


TICKET_PARAMETER = "tombolo-ticket"

# Paths
CROSSDOMAIN = "/crossdomain"
LOADER = "/crossdomain/loader.js"
START = "/crossdomain/start"
SYNC = "/crossdomain/sync"
FINISH = "/crossdomain/finish"

# Headers that only Tombolo may speak towards an upstream
SESSION_ID = "X-Session-Id"
SESSION_USER = "X-Session-User"
SESSION_NEW = "X-Session-New"
MERGED_FROM = "X-Session-Merged-From"
ASSERTION = "X-Session-Assertion"

# Spellings that some upstream folds into X-Session-Id
SPELLINGS = [
    "X-Session-Id",
    "x-session-id",
    "X-SESSION-ID",
    "X_Session_Id",
    "x_session_id",
    "X-Session_Id",
    "X.Session.Id",
    "X-Session.Id",
]

SESSIONS_TABLE = "sessions"

# A line for [[group]] that lets tickets live for a second only.
SHORT_TICKETS = 'ticket_lifetime = "1s"'

# The stable `error` codes of /crossdomain
FOREIGN_ORIGIN, NOT_PRIMARY = "foreign_origin", "not_primary"
BAD_TICKET, LATE_TICKET, SPENT_TICKET = "bad_ticket", "late_ticket", "spent_ticket"

SECRET = "a secret of the shop's own, as long as it should be"

# A domain list is looked at at least this often, in seconds.
RELOAD_WITHIN = 1.0


def https(port, certificates, *, listen="", tls=""):
    """The settings of `configuration` that make it listen for https, too."""
    return {
        "extra_listen": f'https = "127.0.0.1:{port}"\n{listen}',
        "extra": f"[tls]\n{tls}\n[[tls.certificate]]\ncert = '{certificates}'\n",
    }


def configuration(*, port, folder, primary, share_cookies=("session",), login=True, extra_group="", extra="", extra_listen="", extra_log="", http=None):
    """The text of a configuration file with one group, everything of which lies in `folder`."""
    shared = ", ".join(f'"{name}"' for name in share_cookies)
    lines = [
        "[listen]",
        f"http = {http}" if http else f'http = "127.0.0.1:{port}"',
        extra_listen,
        "",
        "[log]",
        'format = "json"',
        extra_log,
        "",
        "[store]",
        'kind = "sqlite"',
        f"path = '{folder}/tombolo.sqlite'",
        "",
        "[keys]",
        f"file = '{folder}/tombolo.keys'",
        "",
        extra,
        "[[group]]",
        'name = "brands"',
        f"domains = '{folder}/brands.domains'",
        f'primary = "{primary}"',
        f"share_cookies = [{shared}]",
    ]
    if login:
        lines.append('login = { signal = "flask", cookie = "session", secret_env = "SHOP_SECRET_KEY" }')
    lines.append(extra_group)
    return "\n".join(lines) + "\n"
