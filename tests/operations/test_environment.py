"""Values of the environment: what is read, and the sentence with the variable's name for what cannot be."""

import ipaddress
import re
import stat

import pytest
from django.core.exceptions import ImproperlyConfigured

from maturity import environment as env
from maturity.answering_connection import AnsweringConnection

ADDRESS = "https://maturity.example.org"


@pytest.fixture
def setting(monkeypatch):
    """Sets the variable X, or takes it away."""
    database = ("DATABASE_POOL", "DATABASE_PREPARE", "DATABASE_PASSWORD")
    for name in ("X", "X_FILE", *database, "SECRET_KEY", "SECRET_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)

    def set_to(value, name="X"):
        monkeypatch.setenv(name, str(value))

    return set_to


REFUSED = [
    (lambda: env.boolean("X", False), ["perhaps", "2", "-1", "ja"]),
    (lambda: env.choice("X", "a", ("a", "b")), ["c", "ab", "a,b"]),
    (lambda: env.number("X", 5, minimum=1, maximum=10), ["many", "1.5", "0", "11", "-3", "1e3"]),
    (
        lambda: env.site_url("X", ADDRESS),
        [
            "maturity.example.org",
            "ftp://maturity.example.org",
            "https://",
            "https://:8000",
            "https://maturity.example.org/path",
            "https://maturity.example.org?query=1",
            "https://maturity.example.org#part",
            "https://maturity.example.org:port",
            "https://maturity.example.org:99999",
            "http://[::1",
        ],
    ),
    (lambda: env.networks("X"), ["proxy", "10.0.0.0/33", "10.0.0.1,proxy", "300.1.1.1"]),
    (lambda: env.time_zone("X", "UTC"), ["Mars/Olympus", "../UTC", "/etc/passwd", "Europe"]),
    (
        lambda: env.database("X", ""),
        ["mysql://root@127.0.0.1/maturity", "sqlite", "postgresql://host", "postgresql://a:p#1@host:port/x", "nothing"],
    ),
    (lambda: env.mail("X"), ["pigeon://roof", "mail.example.org", "smtp+tls://host:port"]),
]


@pytest.mark.parametrize(
    "read,value", [pytest.param(read, value, id=value) for read, values in REFUSED for value in values]
)
def test_malformed_value_is_refused_with_its_name_and_a_sentence(setting, read, value):
    setting(value)
    with pytest.raises(ImproperlyConfigured) as refused:
        read()
    assert re.fullmatch(r"X: .+[.)]", str(refused.value)), str(refused.value)


@pytest.mark.parametrize("value", ["1", "true", "Yes", "ON"])
def test_yes_is_written_in_several_ways(setting, value):
    setting(value)
    assert env.boolean("X", False) is True


@pytest.mark.parametrize("value", ["0", "false", "No", "OFF"])
def test_no_is_written_in_several_ways(setting, value):
    setting(value)
    assert env.boolean("X", True) is False


def test_what_is_missing_or_empty_has_its_default(setting):
    for _ in range(2):
        assert (env.boolean("X", True), env.number("X", 5), env.words("X")) == (True, 5, [])
        setting("  ")


@pytest.mark.parametrize(
    "value",
    ["http://127.0.0.1:8000", "https://maturity.example.org", "https://maturity.example.org/", "http://[::1]:80"],
)
def test_address_of_the_site_is_kept_without_a_slash(setting, value):
    setting(value)
    assert env.site_url("X", "") == value.rstrip("/")


def test_proxies_are_addresses_and_networks(setting):
    setting("127.0.0.1, 10.0.0.0/8,::1")
    assert ipaddress.ip_address("10.2.3.4") in env.networks("X")[1]
    assert len(env.networks("X")) == 3


class TestDemo:
    """Anyone who reaches the server signs in with one click."""

    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "127.8.0.1", "localhost", "LocalHost", "demo.localhost", "[::1]", "::1"]
    )
    def test_is_served_on_this_machine(self, setting, host):
        setting("1")
        assert env.demo("X", names=["127.0.0.1", host], listens_at="127.0.0.1") is True

    @pytest.mark.parametrize(
        "host",
        [
            *("maturity.example.org", "192.0.2.4", "0.0.0.0", "*", "localhost.example.org", "notlocalhost", ""),
            *("127.0.0.1.example.org", "[2001:db8::1]", ".example.org"),
        ],
    )
    def test_is_refused_under_any_other_name(self, setting, host):
        setting("1")
        with pytest.raises(ImproperlyConfigured, match=r"^X: anyone who reaches .* Set DEMO=0\.$"):
            env.demo("X", names=["127.0.0.1", host], listens_at="127.0.0.1")
        setting("0")
        assert env.demo("X", names=[host], listens_at="0.0.0.0") is False

    @pytest.mark.parametrize("address", ["0.0.0.0", "::", "[::]", "", "192.0.2.4"])
    def test_is_refused_where_others_can_reach_it(self, setting, address):
        """Whoever reaches it can claim any name in the Host header."""
        setting("1")
        with pytest.raises(ImproperlyConfigured, match=r"^X: .* HOST must be this machine alone .* Set DEMO=0\.$"):
            env.demo("X", names=["127.0.0.1"], listens_at=address)
        assert env.demo("X", names=["127.0.0.1"], listens_at="::1") is True


class TestSecretsInFiles:
    def test_are_read_without_the_line_end(self, setting, tmp_path):
        (tmp_path / "secret").write_text("from the file\n")
        setting(tmp_path / "secret", "X_FILE")
        assert env.text("X") == "from the file"

    def test_that_are_missing_are_told_with_the_name_of_the_variable(self, setting, tmp_path):
        setting(tmp_path / "nowhere", "X_FILE")
        with pytest.raises(ImproperlyConfigured, match=r"^X_FILE: the file .*nowhere' cannot be read"):
            env.text("X")

    def test_beside_the_value_itself_are_refused(self, setting, tmp_path):
        setting("value")
        setting(tmp_path / "secret", "X_FILE")
        with pytest.raises(ImproperlyConfigured, match="not both"):
            env.text("X")


class TestSecretKey:
    @pytest.mark.parametrize("value", ["changeme", "ChangeMe", "django-insecure-" + "x" * 40, "secret"])
    def test_a_known_default_is_refused_unless_debugging(self, setting, tmp_path, value):
        setting(value, "SECRET_KEY")
        with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY: "):
            env.secret_key(debug=False, data=tmp_path)
        assert env.secret_key(debug=True, data=tmp_path) == value

    def test_a_short_one_is_refused(self, setting, tmp_path):
        setting("only-19-characters!", "SECRET_KEY")
        with pytest.raises(ImproperlyConfigured, match="too short"):
            env.secret_key(debug=False, data=tmp_path)

    def test_is_made_once_and_is_for_its_owner_only(self, setting, tmp_path):
        data = tmp_path / "data"
        key = env.secret_key(debug=False, data=data)
        assert len(key) >= 50
        assert env.secret_key(debug=False, data=data) == key
        [path] = data.iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_that_cannot_be_kept_is_told(self, setting, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY: is not set, and .* cannot be written"):
            env.secret_key(debug=False, data=tmp_path / "file")


class TestPrivateFiles:
    """What others could read is closed, and what is shared on purpose is left alone."""

    @staticmethod
    def mode(path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    @staticmethod
    def keep_private(file, data):
        env.keep_private({"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}, data=data)

    def test_are_made_for_their_owner(self, tmp_path):
        data = tmp_path / "data"
        self.keep_private(data / "maturity.sqlite3", data)
        assert self.mode(data) == 0o700
        assert self.mode(data / "maturity.sqlite3") == 0o600

    def test_of_an_earlier_version_are_closed_and_kept(self, tmp_path):
        data = tmp_path / "data"
        data.mkdir(mode=0o755)
        files = [data / f"maturity.sqlite3{suffix}" for suffix in ("", "-wal", "-shm")]
        for file in files:
            file.write_text("content")
            file.chmod(0o664)
        self.keep_private(files[0], data)
        assert self.mode(data) == 0o700
        assert {(self.mode(file), file.read_text()) for file in files} == {(0o600, "content")}

    def test_a_folder_that_is_not_the_data_folder_stays_as_it_is(self, tmp_path):
        shared = tmp_path / "shared"
        shared.mkdir()
        shared.chmod(0o755)
        self.keep_private(shared / "maturity.sqlite3", tmp_path / "data")
        assert self.mode(shared) == 0o755
        assert self.mode(shared / "maturity.sqlite3") == 0o600
        assert not (tmp_path / "data").exists()

    def test_a_folder_that_everyone_writes_to_stays_as_it_is(self, tmp_path):
        tmp_path.chmod(0o1777)
        env.private_folder(tmp_path)
        assert self.mode(tmp_path) == 0o1777

    def test_what_cannot_be_made_is_left_to_the_connection(self, tmp_path):
        self.keep_private(tmp_path / "nowhere" / "maturity.sqlite3", tmp_path / "data")
        assert not (tmp_path / "nowhere").exists()


class TestDatabase:
    def test_sqlite_writes_safely(self, setting):
        setting("sqlite:////data/maturity.sqlite3")
        options = env.database("X", "")["OPTIONS"]
        assert (options["transaction_mode"], options["timeout"]) == ("IMMEDIATE", 4)
        assert {"journal_mode=WAL", "synchronous=FULL"} <= set(re.findall(r"\w+=\w+", options["init_command"]))

    def test_postgresql_fails_soon_and_uses_its_pool(self, setting):
        setting("postgresql://user:p%40ss@host:5433/name")
        setting("12", "DATABASE_POOL")
        config = env.database("X", "")
        assert (config["NAME"], config["PASSWORD"], config["CONN_MAX_AGE"]) == ("name", "p@ss", 0)
        pool = {"min_size": 1, "max_size": 12, "timeout": 3, "connection_class": AnsweringConnection}
        assert config["OPTIONS"]["pool"] == pool
        assert config["OPTIONS"]["connect_timeout"] == 2
        for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
            assert limit in config["OPTIONS"]["options"]
        assert "-c jit=off" in config["OPTIONS"]["options"]

    @pytest.mark.parametrize(("value", "expected"), [("", (True, 5)), ("1", (True, 5)), ("0", (None, None))])
    def test_statements_are_prepared_unless_that_is_forbidden(self, setting, value, expected):
        setting("postgresql://user@host/name")
        setting(value, "DATABASE_PREPARE")
        options = env.database("X", "")["OPTIONS"]
        assert (options.get("server_side_binding"), options["prepare_threshold"]) == expected

    def test_nothing_is_left_on_connections_of_a_pooler(self, setting):
        setting("postgresql://user@host/name")
        setting("0", "DATABASE_PREPARE")
        config = env.database("X", "")
        assert config["DISABLE_SERVER_SIDE_CURSORS"]
        assert "options" not in config["OPTIONS"]

    def test_replica_is_of_postgresql_and_is_not_waited_for(self, setting):
        primary = {"ENGINE": "django.db.backends.postgresql"}
        assert env.replica("X", primary) == {}
        setting("postgresql://user@replica/name")
        config = env.replica("X", primary)
        assert (config["HOST"], config["OPTIONS"]["pool"]["timeout"]) == ("replica", 1)
        with pytest.raises(ImproperlyConfigured, match=r"^X: only PostgreSQL"):
            env.replica("X", {"ENGINE": "maturity.sqlite3"})
        setting("sqlite:////data/maturity.sqlite3")
        with pytest.raises(ImproperlyConfigured, match=r"^X: only PostgreSQL"):
            env.replica("X", primary)

    def test_its_password_may_come_alone(self, setting):
        setting("postgresql://user@host/name")
        setting("from elsewhere", "DATABASE_PASSWORD")
        assert env.database("X", "")["PASSWORD"] == "from elsewhere"


class TestMail:
    def test_is_off_without_an_address(self, setting):
        assert env.mail("X") == {}

    @pytest.mark.parametrize(
        ("value", "port", "tls"),
        [("smtp://mail.example.org:25", 25, False), ("smtp+tls://user:pass@mail.example.org:587", 587, True)],
    )
    def test_is_sent_through_the_server_named(self, setting, value, port, tls):
        setting(value)
        mail = env.mail("X")
        assert (mail["EMAIL_HOST"], mail["EMAIL_PORT"], bool(mail.get("EMAIL_USE_TLS"))) == (
            "mail.example.org",
            port,
            tls,
        )
