"""What all scenarios need: Django in this process, chanx in another, and one database file for both."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from browser import Browser
from chanx import program
from sockets import greeting

HERE = Path(__file__).parent
FOLDER = Path(os.environ["SCENARIO_FOLDER"])
DATABASE = Path(os.environ["SHARED_DATABASE"])
PASSWORD = "brass-otter-lamp"
REFUSED = "403 Authentication credentials were not provided."

ECHO = program("echo", FOLDER, database_url=f"sqlite://{DATABASE}", secret_key=settings.SECRET_KEY)


def manage(*arguments, database=DATABASE):
    """Runs a management command of Django's that has to succeed, and returns what it prints."""
    command = [sys.executable, "-B", "-m", "django", *arguments]
    environment = {**os.environ, "SHARED_DATABASE": str(database)}
    done = subprocess.run(
        command, cwd=HERE, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


class Scenario(unittest.TestCase):
    """Tests around a running echo server. A subclass fills the database in `make_database`."""

    @classmethod
    def setUpClass(cls):
        cls.make_database()
        cls.server = cls.enterClassContext(ECHO.serve())

    def browser(self, **cookies):
        return Browser(self.server, **cookies)

    def greeting(self, session_key, server=None):
        """What the echo socket says to whoever has this session cookie."""
        return greeting(server or self.server, Cookie=f"sessionid={session_key}")

    def log_in(self, username, password=PASSWORD):
        """Logs in through the login page of chanx, and returns the session key."""
        browser = self.browser()
        answer = browser.log_in(username, password)
        self.assertEqual((answer.status, answer.location), (302, "/echo/"), answer.text)
        return browser.cookies["sessionid"]

    def assert_login_is_refused(self, username, password=PASSWORD):
        browser = self.browser()
        self.assertEqual(browser.log_in(username, password).status, 200)
        self.assertNotIn("sessionid", browser.cookies)


def django_user(username, **attributes):
    """A user made by Django, with the password of all."""
    return User.objects.create_user(username, password=PASSWORD, **attributes)


def django_client(session_key=None):
    """A browser at the Django site, which protects its forms."""
    client = Client(enforce_csrf_checks=True)
    if session_key:
        client.cookies["sessionid"] = session_key
    return client


def django_session(user):
    """A session in which the user is logged in at the Django site, as the object that Django keeps it in."""
    client = Client()
    client.force_login(user)
    return client.session


def whoami(session_key=None, token=None):
    """Who asks, according to Django REST framework; `None` for nobody."""
    headers = {"Authorization": f"Token {token}"} if token else {}
    answer = django_client(session_key).get("/whoami/", headers=headers)
    if answer.status_code in (401, 403):
        return None
    assert answer.status_code == 200, answer
    return answer.json()
