"""chanx makes the database, its users, tokens and sessions; Django takes them for its own."""

import sqlite3
import unittest
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.auth import authenticate, get_user, logout
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import TokenAuthentication

from scenario import ECHO, FOLDER, PASSWORD, REFUSED, Scenario, manage, whoami

SHARED_APPS = ["auth", "authtoken", "contenttypes", "sessions"]


class Tables(unittest.TestCase):
    """Each test has a database that only chanx has touched: whatever Django adds may hide a difference."""

    maxDiff = None

    def setUp(self):
        self.database = FOLDER / f"{self._testMethodName}.sqlite3"
        self.echo = ECHO.with_settings(database_url=f"sqlite://{self.database}")
        self.echo.run("migrate")

    def manage(self, *arguments):
        return manage(*arguments, database=self.database)

    def test_django_has_nothing_to_migrate(self):
        for app in SHARED_APPS:
            with self.subTest(app):
                self.manage("migrate", "--check", app)
                self.assertIn("No planned migration operations.", self.manage("migrate", "--plan", app))

    def test_they_are_those_that_django_makes(self):
        other = FOLDER / "by_django.sqlite3"
        for app in SHARED_APPS:
            manage("migrate", app, database=other)
        self.assertEqual(schema(self.database), schema(other))

    def test_django_adds_those_of_its_other_apps(self):
        before = schema(self.database)
        self.manage("migrate")
        self.manage("migrate", "--check")
        after = schema(self.database)
        self.assertLess(before.keys(), after.keys())
        self.assertEqual({name: after[name] for name in before}, before)
        self.assertEqual(self.echo.run("migrate"), "The database is up to date.")

    def test_the_checks_of_both_are_clean(self):
        self.assertIn("System check identified no issues", self.manage("check", "--database", "default"))
        self.echo.run("check")


class ChanxFirst(Scenario):
    @classmethod
    def make_database(cls):
        ECHO.run("migrate")
        ECHO.run(
            *["createsuperuser", "--username", "alice", "--email", "alice@example.com", "--no-input"],
            superuser_password=PASSWORD,
        )
        # What else Django has tables for, such as the log of its administration.
        manage("migrate")

    def chanx_user(self, username, password=PASSWORD):
        ECHO.run("createuser", "--username", username, "--password-stdin", input=password + "\n")
        return User.objects.get(username=username)

    def test_django_knows_the_user(self):
        alice = authenticate(username="alice", password=PASSWORD)
        self.assertIsNotNone(alice)
        self.assertEqual((alice.email, alice.is_staff, alice.is_superuser), ("alice@example.com", True, True))
        self.assertIsNotNone(alice.date_joined.tzinfo)
        self.assertIsNone(authenticate(username="alice", password=PASSWORD.upper()))

    def test_django_accepts_the_names(self):
        for given, name in [("Zoë_9.@+-", "Zoë_9.@+-"), ("王", "王"), ("ｂｅａ", "bea")]:
            with self.subTest(given):
                ECHO.run("createuser", "--username", given, "--no-input")
                User.objects.get(username=name).full_clean()

    def test_a_password_beyond_ascii(self):
        password = "Blåbærgrød-🫐-ﬁne"
        self.chanx_user("blue", password)
        self.assertIsNotNone(authenticate(username="blue", password=password))

    def test_django_leaves_the_hash_as_it_is(self):
        carol = self.chanx_user("carol")
        before = carol.password
        self.assertIsNotNone(authenticate(username="carol", password=PASSWORD))
        carol.refresh_from_db()
        self.assertEqual(carol.password, before)

    def test_a_user_without_password(self):
        ECHO.run("createuser", "--username", "robot", "--no-input")
        self.assertFalse(User.objects.get(username="robot").has_usable_password())

    def test_rest_framework_finds_the_token(self):
        token = ECHO.run("token", "alice")
        user, found = TokenAuthentication().authenticate_credentials(token)
        self.assertEqual((user.username, found.key), ("alice", token))
        found.full_clean()
        self.assertEqual(whoami(token=token), "alice")

    def test_a_login_at_chanx_is_one_at_django_until_django_ends_it(self):
        key = self.log_in("alice")
        self.assertEqual(self.greeting(key), "Welcome, alice!")
        self.assertEqual(whoami(key), "alice")
        request = request_with_session(key)
        alice = get_user(request)
        self.assertEqual(alice.username, "alice")
        self.assertIsNotNone(alice.last_login.tzinfo)
        logout(request)
        self.assertEqual(self.greeting(key), REFUSED)

    def test_a_password_changed_by_django_ends_the_login(self):
        dave, key = self.chanx_user("dave"), self.log_in("dave")
        self.assertEqual(self.greeting(key), "Welcome, dave!")
        dave.set_password("velvet-cactus-nine")
        dave.save()
        self.assertEqual(self.greeting(key), REFUSED)
        self.assert_login_is_refused("dave")
        self.log_in("dave", "velvet-cactus-nine")

    def test_django_deletes_a_user_with_all_that_belongs_to_it(self):
        erin, key = self.chanx_user("erin"), self.log_in("erin")
        token = ECHO.run("token", "erin")
        self.assertEqual((self.greeting(key), whoami(token=token)), ("Welcome, erin!", "erin"))
        erin.delete()
        self.assertEqual((self.greeting(key), whoami(token=token)), (REFUSED, None))

    def test_django_clears_expired_sessions_and_no_others(self):
        live, expired = self.log_in("alice"), self.log_in("alice")
        hour_ago = timezone.now() - timedelta(hours=1)
        Session.objects.filter(pk=expired).update(expire_date=hour_ago)
        manage("clearsessions")
        self.assertEqual(self.greeting(live), "Welcome, alice!")
        self.assertFalse(Session.objects.filter(pk=expired).exists())


def request_with_session(key):
    """A request as Django's session middleware would prepare it."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    return request


def schema(path):
    """Name and definition of each table and index, with the blanks made equal."""
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    finally:
        connection.close()
    return {name: " ".join(sql.split()).replace("( ", "(").replace(" )", ")") for name, sql in rows}
