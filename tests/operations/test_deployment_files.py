"""Dockerfile, Compose file and README, read as text: what they promise can be checked without a container engine."""

import os
import re
import shlex
import shutil
import stat
import subprocess
import tomllib

import pytest
from django.core.management import get_commands
from ruamel.yaml import YAML

import maturity

from ..servers import ROOT

pytestmark = pytest.mark.any_database

INSTRUCTION = re.compile(r"^([A-Z]+)\s+(.*)$", re.DOTALL)
REFERENCE = re.compile(r"\$\{([A-Z_]+)(?:(:[-?])([^}]*))?\}")


def read(name):
    return (ROOT / name).read_text()


def compose():
    return YAML(typ="safe").load(read("docker-compose.yml"))


def instructions():
    """The Dockerfile as (keyword, argument) pairs, continued lines joined, comments left out."""
    lines = [line for line in read("Dockerfile").splitlines() if line.strip() and not line.startswith("#")]
    found = re.sub(r"\\\n", " ", "\n".join(lines)).splitlines()
    return [INSTRUCTION.match(line).groups() for line in found]


def of(keyword):
    return [argument for name, argument in instructions() if name == keyword]


# Dockerfile


def test_image_is_built_in_two_stages_on_a_named_version():
    images = [argument.split()[0] for argument in of("FROM")]
    assert len(images) == 2
    for image in images:
        name, _, tag = image.partition(":")
        assert name == "python"
        assert tag.startswith("3.11-slim")
    assert any(argument.startswith("--from=build ") for argument in of("COPY"))


def test_image_installs_only_what_is_locked():
    installs = [argument for argument in of("RUN") if "pip install" in argument]
    assert installs
    assert all("--require-hashes" in argument and "-r requirements.txt" in argument for argument in installs)


def test_image_runs_as_somebody_without_rights():
    names = [name for name, _ in instructions()]
    last_stage = len(names) - 1 - names[::-1].index("FROM")
    user = names.index("USER", last_stage)
    assert user < names.index("ENTRYPOINT", last_stage)
    assert user < names.index("CMD", last_stage)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", of("USER")[-1])


def test_whoever_runs_the_image_can_write_to_its_volumes():
    """Under Docker Compose that is the owner of the secrets, and a new volume takes over the rights of the folder."""
    folders = {path for name in ("web", "mail", "backup") for path in mounted(name)}
    (made,) = re.findall(r"install --directory .*--mode=1777 (.*)", read("Dockerfile"))
    assert set(made.split()) == folders


def mounted(service):
    return [volume.partition(":")[2] for volume in compose()["services"][service]["volumes"]]


def test_image_fetches_nothing_and_holds_no_secret():
    assert not of("ADD")
    assert not of("ARG")
    for argument in of("ENV"):
        assert not re.search(r"SECRET|PASSWORD|TOKEN", argument)
    assert "://" not in re.sub(r"http://127\.0\.0\.1:8000/healthz", "", read("Dockerfile"))


def test_image_has_a_health_check_and_names_its_port_and_volume():
    (check,) = of("HEALTHCHECK")
    assert '"scripts/probe.py", "http://127.0.0.1:8000/healthz"' in check
    assert of("EXPOSE") == ["8000"]
    assert of("VOLUME") == ["/data"]


def test_scripts_that_containers_start_with_are_in_the_image():
    let_in = re.findall(r"^!(scripts/.*)", read(".dockerignore"), re.MULTILINE)
    commands = [service.get("entrypoint", ["scripts/entrypoint"]) for service in compose()["services"].values()]
    assert {command[0] for command in commands if command[0].startswith("scripts/")} <= set(let_in)


def test_start_script_can_be_executed():
    assert of("ENTRYPOINT") == ['["scripts/entrypoint"]']
    assert os.access(ROOT / "scripts" / "entrypoint", os.X_OK)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


# Compose


def test_compose_hands_over_secrets_as_files():
    document = compose()
    assert document["secrets"] == {
        "secret_key": {"file": "./secrets/secret_key"},
        "database_password": {"file": "./secrets/database_password"},
    }
    for service in document["services"].values():
        for name, value in service["environment"].items():
            if re.search(r"SECRET|PASSWORD", name):
                assert name.endswith("_FILE")
                # Without a value: the file is handed over by whoever sets it.
                assert value is None or value.removeprefix("/run/secrets/") in service["secrets"]
        assert "env_file" not in service
    assert "@" in document["services"]["web"]["environment"]["DATABASE_URL"]
    assert not re.search(r"//[^/]*:[^/]*@", document["services"]["web"]["environment"]["DATABASE_URL"])


@pytest.mark.parametrize("name", ["web", "web-2", "nginx", "mail", "backup", "database"])
def test_containers_have_limits(name):
    """Everything that can be filled has an end, and with it nothing takes the machine's memory or processes."""
    service = compose()["services"][name]
    assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])
    for mount in service["tmpfs"]:
        assert re.search(r":size=\d+m$", mount), mount
    assert re.fullmatch(r"(\$\{[A-Z_]+:-)?\d+[mg]\}?", service["mem_limit"])
    assert 0 < service["pids_limit"] < 1_000


@pytest.mark.parametrize("name", ["web", "web-2", "nginx", "mail", "backup", "database"])
def test_containers_have_no_rights_to_spare(name):
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert service["restart"] == "unless-stopped"


def test_only_the_database_image_keeps_capabilities():
    services = compose()["services"]
    assert "cap_add" not in services["web"]
    assert "SYS_ADMIN" not in services["database"]["cap_add"]


def test_server_waits_for_a_healthy_postgresql_17():
    services = compose()["services"]
    assert services["database"]["image"] == "postgres:17"
    assert services["web"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert services["database"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    assert services["web"]["healthcheck"]["test"][-1].endswith("/readyz")
    assert "ports" not in services["database"]


def test_second_server_differs_from_the_first_in_what_it_waits_for_and_in_its_port():
    services = compose()["services"]
    different = {"profiles", "ports", "depends_on"}
    first, second = services["web"], services["web-2"]
    assert {name for name in first | second if first.get(name) != second.get(name)} == different
    assert second["depends_on"] == {"web": {"condition": "service_healthy"}}


def test_data_is_kept_in_named_volumes():
    document = compose()
    assert set(document["volumes"]) == {"backups", "data", "database"}
    assert document["services"]["backup"]["volumes"] == ["backups:/backups"]
    assert document["services"]["web"]["volumes"] == ["data:/data"]
    assert document["services"]["database"]["volumes"] == ["database:/var/lib/postgresql/data"]


def test_server_listens_to_this_machine_only_unless_told():
    (port,) = compose()["services"]["web"]["ports"]
    assert REFERENCE.sub(lambda found: found[3], port) == "127.0.0.1:8000:8000"


def test_missing_variable_is_told_in_a_sentence():
    mandatory = [found for found in REFERENCE.findall(read("docker-compose.yml")) if found[1] == ":?"]
    assert {name for name, *_ in mandatory} == {"MATURITY_USER"}
    assert all("make secrets" in sentence for *_, sentence in mandatory)


def make_secrets(folder):
    (folder / "scripts").mkdir(exist_ok=True)
    shutil.copy(ROOT / "scripts" / "make-secrets", folder / "scripts")
    subprocess.run([folder / "scripts" / "make-secrets"], check=True, capture_output=True)
    return {path.name: path.read_text() for path in (folder / "secrets").iterdir()}


def test_secrets_are_long_private_and_made_once(tmp_path):
    secrets = make_secrets(tmp_path)
    assert set(secrets) == set(compose()["secrets"])
    assert all(len(value) >= 64 for value in secrets.values())
    assert len(set(secrets.values())) == len(secrets)
    for name in secrets:
        assert stat.S_IMODE((tmp_path / "secrets" / name).stat().st_mode) == 0o600
    assert make_secrets(tmp_path) == secrets


def test_container_runs_as_the_owner_of_the_secrets(tmp_path):
    make_secrets(tmp_path)
    make_secrets(tmp_path)
    owner = (tmp_path / "secrets" / "secret_key").stat()
    assert (tmp_path / ".env").read_text() == f"MATURITY_USER={owner.st_uid}:{owner.st_gid}\n"
    assert owner.st_uid != 0


# README


def variables_read():
    """Every name that settings, the server's file, the Makefile, the start script or the Compose file reads."""
    python = "".join(read(name) for name in ("maturity/settings.py", "maturity/environment.py", "gunicorn.conf.py"))
    names = set(re.findall(r"(?:env\.\w+|\btext|\bnumber|\bboolean)\(\s*\"([A-Z_]+)\"", python))
    of_a_provider = re.findall(r"\{prefix\}_([A-Z_]+)\"", read("maturity/sign_in_providers.py"))
    names |= {f"OIDC_{name}" for name in of_a_provider}
    names |= set(re.findall(r"^([A-Z_]+) \?=", read("Makefile"), re.MULTILINE))
    for script in ("scripts/entrypoint", "scripts/backup-daily"):
        names |= set(re.findall(r"\$\{([A-Z_]+)", read(script)))
    return names | {name for name, *_ in REFERENCE.findall(read("docker-compose.yml"))}


def variables_told():
    rows = re.findall(r"^\| (`[^|]+) \|", read("README.md"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


def test_readme_names_every_variable_and_no_other():
    assert {"SITE_URL", "WEB_WORKERS", "DATABASE_PASSWORD", "MIGRATE", "PORT"} <= variables_read()
    assert variables_told() == variables_read()


def test_every_variable_of_compose_is_one_the_server_knows():
    environment = compose()["services"]["web"]["environment"]
    assert {name.removesuffix("_FILE") for name in environment} <= variables_read()


def test_what_readme_says_of_the_env_file_holds_for_every_variable_of_the_server():
    """All but those that the Compose file sets itself, that the image has fixed, or that are for make alone."""
    elsewhere = {"SECRET_KEY", "DATABASE_URL", "DATABASE_PASSWORD", "DATA_DIR", "STATIC_ROOT", "DEBUG"}
    elsewhere |= {"HOST", "PORT", "IN_CONTAINER", "JOURNAL_FOLDER", "OIDC_CLIENT_SECRET"}
    for_make = {"MATURITY_USER", "LISTEN", "LISTEN_SEVERAL", "PYTHON", "ARGS"}
    for_compose = {"WEB_MEMORY", "DATABASE_MEMORY", "BACKUP_KEEP"}
    for_tests = {name for name in variables_told() if name.startswith(("TEST_", "REQUIRE_")) or name == "CHROMIUM"}
    passed_on = set(compose()["services"]["web"]["environment"])
    assert variables_told() - elsewhere - for_make - for_compose - for_tests <= passed_on


def test_readme_shows_pictures_and_folders_that_are_there():
    text = read("README.md")
    for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text) + re.findall(r"(?<!!)\[[^]]*\]\((\w[^):]*)\)", text):
        assert (ROOT / name).is_file(), name
    folders = re.findall(r"^\| `(\w[\w/]*/)`", text, re.MULTILINE)
    assert "assessments/models/" in folders
    for name in folders:
        assert (ROOT / name).is_dir(), name


def test_commands_of_the_readme_exist():
    documents = read("README.md") + read("CONTRIBUTING.md")
    targets = set(re.findall(r"`make ([a-z-]+)", documents)) | set(
        re.findall(r"^    make ([a-z-]+)", documents, re.MULTILINE)
    )
    assert {"run", "test", "secrets"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", read("Makefile"), re.MULTILINE), target
    for command in re.findall(r"manage\.py (\w+)", documents):
        assert command in get_commands()


def test_the_version_is_the_same_wherever_it_stands():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert maturity.__version__ == project["version"]
    assert re.search(rf"^## {re.escape(project['version'])}\b", read("CHANGELOG.md"), re.MULTILINE)


def test_help_lists_every_command():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = set(re.findall(r"^  make ([a-z-]+)", shown, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)[1]
    assert listed == set(shlex.split(phony))


def test_lock_files_hold_hashes_and_no_addresses():
    for name in ("requirements.txt", "requirements-extras.txt", "requirements-dev.txt"):
        text = read(name)
        assert "://" not in text
        assert "--index-url" not in text
        for requirement in re.split(r"\n(?=[a-z])", text):
            assert re.match(r"[a-z0-9_.-]+(\[[a-z,]+\])?==", requirement), requirement[:60]
            assert "--hash=sha256:" in requirement, requirement[:60]
