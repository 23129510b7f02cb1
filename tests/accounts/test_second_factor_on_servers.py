"""Codes of second factors before two workers: each counts once, and wrong ones are counted together."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from ..servers import collect_static, manage, scratch_database, serving
from .second_factors import App

pytestmark = [pytest.mark.slow(seconds=60), pytest.mark.any_database]

PASSWORD = "correct horse battery"
PEOPLE = f"""
from assessments.models import User
from assessments.models.second_factors import SecondFactors, new_secret
for email in ("kim@example.org", "lee@example.org"):
    person = User.objects.create_superuser(email, "{PASSWORD}", name=email)
    secret = new_secret()
    SecondFactors(person).add_app(secret, step=0, is_first=False)
    print(secret)
"""
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Browser:
    """Somebody who has entered the password, and is asked for a code."""

    def __init__(self, server, email):
        self.address = f"{server.address}/sign-in/second-factor/"
        self.session = requests.Session()
        self.session.trust_env = False
        page = self.session.get(f"{server.address}/sign-in/", timeout=60).text
        answer = self._send(f"{server.address}/sign-in/", page, email=email, password=PASSWORD)
        assert answer.headers["Location"] == "/sign-in/second-factor/", answer.text
        self.page = self.session.get(self.address, timeout=60).text

    def _send(self, address, page, **form):
        form["csrfmiddlewaretoken"] = TOKEN.search(page)[1]
        return self.session.post(address, form, allow_redirects=False, timeout=60)

    def sends(self, code):
        return self._send(self.address, self.page, code=code).status_code


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_two_workers_count_together(tmp_path, kind):
    options = {
        "STATIC_ROOT": str(collect_static(tmp_path / "static")),
        "SECRET_KEY": "a long key for the server and the shell",
        "WEB_WORKERS": "2",
        "GREETING": "0",
        "MIGRATE": "0",
    }
    with scratch_database() as database:
        if kind == "PostgreSQL":
            options["DATABASE_URL"] = database
        data = {**options, "DATA_DIR": str(tmp_path)}
        assert manage("prepare", **data).returncode == 0
        made = manage("shell", "-v", "0", "-c", PEOPLE, **data)
        assert made.returncode == 0, made.stderr
        kim, lee = map(App, made.stdout.split())
        with serving(tmp_path, **options) as server, ThreadPoolExecutor(6) as threads:
            browsers = [Browser(server, "kim@example.org") for _ in range(6)]
            codes = [kim.wrong_code] * 30
            answers = list(threads.map(lambda n: browsers[n % 6].sends(codes[n]), range(30)))
            assert (answers.count(422), answers.count(429)) == (10, 20)

            browsers = [Browser(server, "lee@example.org") for _ in range(6)]
            code = lee.code()
            answers = list(threads.map(lambda browser: browser.sends(code), browsers))
            assert sorted(answers) == [302, *[422] * 5]
