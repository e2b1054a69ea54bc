"""The one settings file. What differs between installations is a knob (`knobs.py`); importing it starts nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.csp import CSP

from releveur import files, knobs, logs, postgres

HERE = Path(__file__).resolve().parent
DATA_DIR = Path(knobs.text("RELEVEUR_DATA_DIR")).resolve()

# Who runs it, and where

SITE_URL = knobs.text("RELEVEUR_SITE_URL").rstrip("/")
DEMO = knobs.flag("RELEVEUR_DEMO")
TEST_CLOCK = DEMO or knobs.flag("RELEVEUR_TEST_CLOCK")
DEBUG = knobs.flag("RELEVEUR_DEBUG")
SECURITY_CONTACT = knobs.text("RELEVEUR_SECURITY_CONTACT")
SECRET_KEY = knobs.secret("RELEVEUR_SECRET_KEY", kept_in=DATA_DIR / "secret_key")
LINK_SECRET = knobs.secret("RELEVEUR_LINK_SECRET", kept_in=DATA_DIR / "link_secret")
# While a secret is changed: what the one before signed or made still holds.
SECRET_KEY_FALLBACKS = knobs.words("RELEVEUR_OLD_SECRET_KEYS")
OLD_LINK_SECRETS = knobs.words("RELEVEUR_OLD_LINK_SECRETS")
# Not secret: the name by which a database knows whose mails it owes, kept where no dump takes it along.
INSTALLATION = knobs.secret("RELEVEUR_INSTALLATION", kept_in=DATA_DIR / "installation")
ALLOWED_HOSTS = [
    urlsplit(SITE_URL).hostname or "127.0.0.1",
    "127.0.0.1",
    "localhost",
    *knobs.words("RELEVEUR_HOSTS"),
]

# Database: the application's role, and the owner's connection for migrations

POSTGRES: postgres.Server | None = None
if url := knobs.text("DATABASE_URL"):
    _app = postgres.from_url(url)
    OWNER_DATABASE = postgres.from_url(knobs.text("RELEVEUR_OWNER_URL") or url)
else:
    POSTGRES = postgres.Server(
        DATA_DIR,
        binaries=Path(folder) if (folder := knobs.text("RELEVEUR_POSTGRES_BIN")) else None,
        keep=knobs.flag("RELEVEUR_KEEP_POSTGRES"),
    )
    _app = POSTGRES.settings()
    OWNER_DATABASE = POSTGRES.settings(user=postgres.OWNER)
if held := knobs.number("RELEVEUR_POOL"):
    # A server that was restarted is tried again at once, not after the library's growing pauses.
    _app["OPTIONS"]["pool"] = {
        "min_size": 1, "max_size": held, "timeout": 5, "reconnect_timeout": 1,
    }  # fmt: skip
    # A connection that died meanwhile is noticed before a page gets it.
    _app["CONN_HEALTH_CHECKS"] = True
    # A connection that is kept keeps the plans of what is asked again and again (`kept`), from the second time on.
    _app["OPTIONS"]["prepare_threshold"] = 1
DATABASES: dict[str, dict[str, Any]] = {"default": _app}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The house

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "releveur.clock",
    "releveur.dealer",
    "releveur.accounts",
    "releveur.outbox",
    "releveur.audit",
    "releveur.customers",
    "releveur.fleet",
    "releveur.contracts",
    "releveur.readings",
    "releveur.campaigns",
    "releveur.appointments",
    "releveur.ops",
    "releveur.web.portal",
    "releveur.web.demo",
    "releveur.web.inbound",
    "releveur.web.health",
]
AUTH_USER_MODEL = "accounts.User"
ROOT_URLCONF = "releveur.urls"
WSGI_APPLICATION = "releveur.wsgi.application"

# No sessions: a customer's cookie is signed and checked against the invitation.
MIDDLEWARE = [
    "releveur.web.asked.asked",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "releveur.web.bounds.Bounded",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "releveur.web.outage.Outage",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.template.context_processors.csp",
                "releveur.web.branding.dealer",
            ],
        },
    },
]

# Words and days

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [HERE / "locale"]
USE_TZ = True
TIME_ZONE = "Europe/Paris"

# Files: static ones are collected by `serve`; proofs are served by views only, never by address

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [HERE / "web" / "static"] if (HERE / "web" / "static").exists() else []
MEDIA_ROOT = DATA_DIR / "files"
FILE_UPLOAD_PERMISSIONS = 0o600
STORAGES = {
    "default": files.storage(knobs.text("RELEVEUR_FILES_URL"), folder=MEDIA_ROOT),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# A mail may be written before the first `serve` collected anything: plain names then.
WHITENOISE_MANIFEST_STRICT = False

# What a browser may do

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "connect-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "frame-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "script-src": [CSP.SELF],
    # The dealer's colour is the one rule that a page carries itself.
    "style-src": [CSP.SELF, CSP.NONCE],
    # No words become elements or code, but for the pages that our script asks of ourselves.
    "require-trusted-types-for": ["'script'"],
    "trusted-types": ["releveur"],
}
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [SITE_URL]
X_FRAME_OPTIONS = "DENY"
# The addresses of mails hold keys. No Referer shows a path, not even to ourselves, whose proxy may log it;
# with `no-referrer` browsers send forms with the origin `null`, and the forgery check refuses them.
SECURE_REFERRER_POLICY = "strict-origin"
# Each proxy adds the address it saw; what stands further left may be anybody's invention.
PROXIES = 0
if knobs.flag("RELEVEUR_HTTPS"):
    PROXIES = knobs.number("RELEVEUR_PROXIES")
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    # Whoever watches the program asks it directly, without TLS; who hands over mails without is refused, not led on.
    SECURE_REDIRECT_EXEMPT = [r"^health/(live|ready)$", r"^metrics$", r"^mail/arrived$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    # To stand in the lists that browsers carry is for the owner of the whole domain to ask.
    SILENCED_SYSTEM_CHECKS = ["security.W021"]
    CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    # A browser takes a cookie of this name from this very host over https, and from nobody else.
    CSRF_COOKIE_NAME, LANGUAGE_COOKIE_NAME = "__Host-csrftoken", "__Host-language"

# Mail leaves by one server, in the background, never within a request

_smtp = urlsplit(knobs.text("RELEVEUR_SMTP_URL"))
if _smtp.scheme not in {"smtp", "smtps", "smtp+starttls"} or not _smtp.hostname:
    raise knobs.KnobMisread(
        "RELEVEUR_SMTP_URL may be smtp://, smtps:// or smtp+starttls:// and a host"
    )
SMTP = {
    "host": _smtp.hostname,
    "port": _smtp.port or {"smtp": 25, "smtps": 465, "smtp+starttls": 587}[_smtp.scheme],
    "username": unquote(_smtp.username or ""),
    "password": unquote(_smtp.password or ""),
    "use_ssl": _smtp.scheme == "smtps",
    "use_tls": _smtp.scheme == "smtp+starttls",
}
# The outbox talks to the server itself (it wants the reply to each address); what Django sends of its
# own goes the same way. Its default time-out is none: a silent server would hold up the others' mails.
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {**SMTP, "timeout": 30},
    },
}

MAILS_A_MINUTE = knobs.number("RELEVEUR_MAILS_A_MINUTE")
MAILS_A_MINUTE_TO_A_DOMAIN = knobs.number("RELEVEUR_MAILS_A_MINUTE_TO_A_DOMAIN")
MAILS_A_DAY = knobs.number("RELEVEUR_MAILS_A_DAY")
MAIL_LANES = knobs.number("RELEVEUR_MAIL_LANES")
# Mail arrives in a mailbox of ours, or is posted by a provider

RETURN_PATH = knobs.address("RELEVEUR_RETURN_PATH", longest=30)
REPLIES_TO = knobs.address("RELEVEUR_REPLIES_TO")
INBOX = knobs.text("RELEVEUR_INBOX")
_inbox = urlsplit(INBOX)
if INBOX and not (
    (_inbox.scheme in {"imaps", "imap+starttls"} and _inbox.hostname)
    or (_inbox.scheme == "maildir" and _inbox.path.startswith("/"))
):
    raise knobs.KnobMisread(
        "RELEVEUR_INBOX may be imaps:// or imap+starttls:// and a host, or maildir:/// and a folder"
    )
INBOX_SECRET = knobs.text("RELEVEUR_INBOX_SECRET")
DKIM_SELECTORS = knobs.words("RELEVEUR_DKIM_SELECTORS")

# How long what only people need is kept, in days; 0: for ever

KEEP_PHOTOS = knobs.number("RELEVEUR_KEEP_PHOTOS")
KEEP_MAILS = knobs.number("RELEVEUR_KEEP_MAILS")
KEEP_LOGINS = knobs.number("RELEVEUR_KEEP_LOGINS")

# A form of a whole fleet: five fields a device and a few more where it asks; two files where it does
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_NUMBER_FILES = 2_000

# Whoever watches it

METRICS = knobs.flag("RELEVEUR_METRICS")
METRICS_TOKEN = knobs.text("RELEVEUR_METRICS_TOKEN")

# Logs: lines or JSON objects on stderr, for whatever keeps them

TRUSTS_REQUEST_ID = knobs.flag("RELEVEUR_TRUST_REQUEST_ID")
_form = knobs.text("RELEVEUR_LOG_FORMAT")
if _form not in logs.FORMATTERS:
    raise knobs.KnobMisread(f"RELEVEUR_LOG_FORMAT is {_form!r}: it may be line or json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "stderr": {
            "()": logs.FORMATTERS[_form],
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "stderr"}},
    # It tells of every task at every start and of every job that went well.
    "loggers": {"procrastinate": {"level": "WARNING"}},
    "root": {"handlers": ["stderr"], "level": knobs.text("RELEVEUR_LOG_LEVEL")},
}
LOGGING_CONFIG = "logging.config.dictConfig"
