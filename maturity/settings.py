"""All settings, from the environment; README.md has the table. An invalid value stops the start with a message."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

from . import __version__
from . import environment as env
from .sign_in_providers import sign_in_providers

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "data")))
#: The version of the product.
VERSION = __version__
TESTING = "pytest" in sys.modules

DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.secret_key(debug=DEBUG, data=DATA_DIR)
#: Where an installation without SECRET_KEY keeps its own.
OWN_KEY_FILE = DATA_DIR / env.KEY_FILE

# Where people reach the application; links in mails, secure cookies and accepted origins follow from it.
SITE_URL = env.site_url("SITE_URL", "http://127.0.0.1:8000")
_site = urlsplit(SITE_URL)
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS") or [_site.hostname or "", "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "assessments.web.error_views.csrf_failed"
# The demo organisation lets anyone in who can reach the server.
# In a container HOST is the address of the container, and says nothing about who reaches it.
_listens_at = "localhost" if env.boolean("IN_CONTAINER", False) else env.text("HOST", "127.0.0.1")
DEMO = env.demo("DEMO", names=[_site.hostname or "", *ALLOWED_HOSTS], listens_at=_listens_at)
TRUSTED_PROXY = env.networks("TRUSTED_PROXY")

SECURE = _site.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
# Browsers accept a cookie with this prefix only from this host over https, so other subdomains cannot set it.
_cookie_prefix = "__Host-" if SECURE else ""
SESSION_COOKIE_NAME = f"{_cookie_prefix}sessionid"
CSRF_COOKIE_NAME = f"{_cookie_prefix}csrftoken"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Sessions know whose they are. They end so many hours after they were last used, and after somebody signed in.
SESSION_ENGINE = "assessments.web.session_store"
SESSION_IDLE_HOURS = env.number("SESSION_IDLE_HOURS", 14 * 24, minimum=1, maximum=366 * 24)
SESSION_MAX_HOURS = env.number("SESSION_MAX_HOURS", 30 * 24, minimum=1, maximum=366 * 24)
SESSION_COOKIE_AGE = SESSION_MAX_HOURS * 60 * 60
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.boolean("HSTS_SUBDOMAINS", False)
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "assessments",
]

MIDDLEWARE = [
    # Before anything that may write to the log.
    "maturity.middleware.numbered_requests",
    "maturity.middleware.heads_without_bodies",
    "maturity.middleware.trusted_proxy",
    # Is not there unless METRICS_TOKEN or METRICS_NETWORKS is set.
    "maturity.metrics.measured",
    "maturity.middleware.security_headers",
    # Around everything that may answer with an error.
    "maturity.middleware.api_answers",
    # Before anything that may read the body.
    "maturity.middleware.limited_bodies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # For pages; static files are compressed when collected.
    "maturity.compression.PageCompression",
    "maturity.middleware.probes",
    "maturity.middleware.readable_addresses",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "maturity.middleware.noted_sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Is not there unless REMOTE_USER_HEADER is set.
    "maturity.middleware.same_remote_user",
    "allauth.account.middleware.AccountMiddleware",
    # Is not there if TWO_FACTOR is optional.
    "maturity.middleware.second_factor",
    "maturity.middleware.framework_readers",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "maturity.middleware.htmx_sign_in",
    # Is not there unless DATABASE_REPLICA_URL is set.
    "maturity.middleware.noted_writes",
    "maturity.middleware.Refusals",
]

ROOT_URLCONF = "maturity.urls"
WSGI_APPLICATION = "maturity.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "maturity.templates.Templates",
        "NAME": "django",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "maturity.context.version",
                "maturity.context.request_number",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'maturity.sqlite3'}")}
DATABASE_LIMITS = env.LIMITS
if _replica := env.replica("DATABASE_REPLICA_URL", DATABASES["default"]):
    DATABASES["replica"] = _replica
    DATABASE_ROUTERS = ["assessments.models.replica.Router"]
if not TESTING:
    env.own_changes_only("DATABASE_URL", DATABASES["default"])
    env.keep_private(DATABASES["default"], data=DATA_DIR)
if TESTING:
    # A file, not memory: races and live servers need a database that several processes and threads can open.
    if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        DATABASES["default"]["TEST"] = {"NAME": str(BASE_DIR / ".test-data" / "test.sqlite3")}
        (BASE_DIR / ".test-data").mkdir(exist_ok=True)
    else:
        DATABASES["default"]["OPTIONS"].pop("pool")
# Pieces of pages that are drawn from frozen results, by a digest of what they are drawn from, in the memory of each
# process: 10 to 100 KB each, see assessments/web/kept_fragments.py. Never in development: a template may change.
_kept = f"django.core.cache.backends.{'dummy.DummyCache' if DEBUG else 'locmem.LocMemCache'}"
CACHES = {
    # Limits of allauth, and codes that were used: all processes have to see them.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "assessments_cachedvalue",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
    # Reports as PDF, by a digest of what they are made from.
    "reports": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "reports"},
    "template_fragments": {
        "BACKEND": _kept,
        "LOCATION": "template_fragments",
        "OPTIONS": {"MAX_ENTRIES": 400},
    },
    # Questions, what they consist of and what stands around them: many, of up to 5 KB each.
    "questions": {"BACKEND": _kept, "LOCATION": "questions", "OPTIONS": {"MAX_ENTRIES": 4000}},
    # All questions of a page while none of them has an answer, of 31 to 41 KB each.
    "question_pages": {"BACKEND": _kept, "LOCATION": "question_pages", "OPTIONS": {"MAX_ENTRIES": 200}},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "assessments.User"
# The email is unique in any case, by a constraint on its lower form that the check does not recognise.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["assessments.accounts.backend.AccountBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
PASSWORD_RESET_TIMEOUT = 60 * 60 * 24 * 3

# allauth keeps order while somebody signs in: a second factor comes before they are in. All pages are our own.
ACCOUNT_ADAPTER = "assessments.accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Signing in with the account that somebody has elsewhere; with OIDC_ONLY in no other way.
SIGN_IN_PROVIDERS = sign_in_providers()
OIDC_ONLY = env.boolean("OIDC_ONLY", False)
if OIDC_ONLY and not SIGN_IN_PROVIDERS:
    env.refuse("OIDC_ONLY", "nobody could sign in: set OIDC_ISSUER, or OIDC_ONLY=0.")
# The header in which a trusted proxy names who it is, as WSGI has it.
REMOTE_USER_HEADER = env.header("REMOTE_USER_HEADER")
REMOTE_USER_CREATE = env.boolean("REMOTE_USER_CREATE", True)
if REMOTE_USER_HEADER and not TRUSTED_PROXY:
    env.refuse("REMOTE_USER_HEADER", "is believed from a trusted proxy only: set TRUSTED_PROXY too.")
# Who cannot sign in without a second factor.
TWO_FACTOR = env.choice("TWO_FACTOR", "optional", ("optional", "administrators", "everyone"))
MFA_ADAPTER = "assessments.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODE_COUNT = 10
# Codes of 30 seconds before and after count as well: clocks of phones are not exact.
MFA_TOTP_TOLERANCE = 1
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Every text can be translated; so far there is only English.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
USE_TZ = True
DATE_FORMAT = "j F Y"
FORMAT_MODULE_PATH = ["maturity.formats"]

STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ALLOW_ALL_ORIGINS = False
# Serves the source folders if nothing was collected.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG or TESTING
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

_mail = env.mail("EMAIL_URL")
if DEBUG and not _mail:
    # Mails are printed, so that their links can be used.
    _mail = {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
MAIL_ENABLED = bool(_mail)
EMAIL_BACKEND = _mail.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")
if EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend":
    EMAIL_BACKEND = "assessments.outbox.smtp.Backend"
EMAIL_HOST = _mail.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(_mail.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", f"Maturity <maturity@{_site.hostname}>")

# Sign-in attempts allowed in a quarter of an hour, counted in the database.
SIGN_IN_LIMIT_PER_ACCOUNT = env.number("SIGN_IN_LIMIT_PER_ACCOUNT", 10, minimum=1)
SIGN_IN_LIMIT_PER_ADDRESS = env.number("SIGN_IN_LIMIT_PER_ADDRESS", 50, minimum=1)
# Links that do not exist, tried in a quarter of an hour from one network address.
LINK_LIMIT_PER_ADDRESS = env.number("LINK_LIMIT_PER_ADDRESS", 30, minimum=1)

# What `manage.py tidy` keeps: days after which mails and links that have ended are removed, months after closing that
# comments and answers stay below a result (for ever unless set), and months that the journal stays in the database.
# Years of joining and leaving are read from the journal, so it never keeps less than 13.
KEEP_MAILS_DAYS = env.number("KEEP_MAILS_DAYS", 90, minimum=1, maximum=36_500)
KEEP_ENDED_LINKS_DAYS = env.number("KEEP_ENDED_LINKS_DAYS", 90, minimum=1, maximum=36_500)
KEEP_COMMENTS_MONTHS = env.months_of_answers("KEEP_COMMENTS_MONTHS")
KEEP_ANSWERS_MONTHS = env.months_of_answers("KEEP_ANSWERS_MONTHS")
KEEP_JOURNAL_MONTHS = env.months_of_journal("KEEP_JOURNAL_MONTHS")
JOURNAL_FOLDER = Path(env.text("JOURNAL_FOLDER", str(DATA_DIR / "journal")))

# After this many months a result is shown as stale, and its team as due.
STALE_AFTER_MONTHS = env.number("STALE_AFTER_MONTHS", 12, minimum=1, maximum=600)
# What people see in the portfolio of teams whose page they cannot open.
OTHER_TEAMS = env.choice("OTHER_TEAMS", "distribution", ("names", "distribution", "nothing"))

# The longest body of a request in bytes, and by URL name if more is needed. The longest form, a list of emails with
# 20,000 characters, has 240 KB at worst. Confirming an import sends a framework file of 6 MB again, compressed and in
# base64: 8.6 MB if it does not compress at all. Sealed files and earlier assessments are sent in the same way. Twenty
# thousand people to add, a line each, are 1.8 MB, and 10,000 teams to start in a round, a field each, 430 KB. A page of
# a translation has 25 texts. Five hundred facts are 500 KB at worst; a report of 2 MB is longer as JSON. Ten thousand
# members of a group that a directory sends at once have 1.5 MB.
BODY_LIMIT = 300_000
BODY_LIMITS = {
    "framework-import": 9_000_000,
    "history-import": 9_000_000,
    "translation-upload": 6_500_000,
    "translation": 1_500_000,
    "team-import-result": 5_000_000,
    "people-add": 2_500_000,
    "round-teams": 500_000,
    "api-round-start": 500_000,
    "api-framework-import": 9_000_000,
    "api-checks": 1_000_000,
    "api-reports": 5_000_000,
    "scim-group": 2_000_000,
    "scim-groups": 2_000_000,
}
# Within these limits, files are kept in memory: uploads never reach the disk or a container's /tmp.
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = max(BODY_LIMIT, *BODY_LIMITS.values())
DATA_UPLOAD_MAX_NUMBER_FIELDS = 11_000
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

# Networks that are not public, to which webhooks and issue trackers may lead all the same; there also by http.
WEBHOOK_NETWORKS = env.networks("WEBHOOK_NETWORKS")

# Who may read /metrics.
METRICS_TOKEN = env.token("METRICS_TOKEN")
METRICS_NETWORKS = env.networks("METRICS_NETWORKS")

# A line for people, or a JSON object a line for programs.
LOG_FORMAT = env.choice("LOG_FORMAT", "line", ("line", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "secrets": {"()": "maturity.logs.WithoutSecrets"},
        "once": {"()": "maturity.logs.OnceOnly"},
        "without_trace": {"()": "maturity.logs.WithoutTrace"},
    },
    "formatters": {
        "line": {"()": "maturity.logs.OneLine", "format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "maturity.logs.JsonLine"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["secrets"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.request": {"filters": ["once", "without_trace"]},
        # What runserver writes.
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "maturity": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
