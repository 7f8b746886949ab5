"""Django makes the database, its users, tokens and sessions; chanx takes them for its own."""

import base64
import sqlite3
import unittest
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import MD5PasswordHasher, PBKDF2PasswordHasher, make_password
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import override_settings
from django.utils import timezone
from rest_framework.authtoken.models import Token

from chanx import program
from scenario import (
    DATABASE, ECHO, FOLDER, PASSWORD, REFUSED,
    Scenario, django_client, django_session, django_user, manage, whoami,
)
from sockets import greeting

# The column `password` in each of Django's algorithms, and with its former costs.
COLUMNS = {
    "pbkdf2_sha256": lambda: make_password(PASSWORD),
    "pbkdf2_sha256 of Django 5.1": lambda: PBKDF2PasswordHasher().encode(PASSWORD, "a" * 22, 870_000),
    "pbkdf2_sha256 with a short salt": lambda: PBKDF2PasswordHasher().encode(PASSWORD, "salt"),
    "pbkdf2_sha1": lambda: make_password(PASSWORD, hasher="pbkdf2_sha1"),
    "argon2": lambda: make_password(PASSWORD, hasher="argon2"),
    "bcrypt_sha256": lambda: make_password(PASSWORD, hasher="bcrypt_sha256"),
    "bcrypt": lambda: make_password(PASSWORD, hasher="bcrypt"),
    "scrypt": lambda: make_password(PASSWORD, hasher="scrypt"),
    "md5": lambda: MD5PasswordHasher().encode(PASSWORD, "salt"),
}

NEW_KEY = "the-next-secret-0123456789-zyxwvutsrqponmlkjihgfedcba"


class DjangoFirst(Scenario):
    @classmethod
    def make_database(cls):
        manage("migrate")
        cls.alice = django_user("alice", email="alice@example.com")

    def test_chanx_has_nothing_to_migrate(self):
        before = dump()
        self.assertEqual(ECHO.run("migrate"), "The database is up to date.")
        self.assertEqual(dump(), before)
        ECHO.run("check")

    def test_a_session_of_django_is_a_login_at_the_socket(self):
        self.assertEqual(self.greeting(django_session(self.alice).session_key), "Welcome, alice!")

    def test_a_session_may_hold_much_and_end_with_the_browser(self):
        session = django_session(self.alice)
        session["cart"] = [{"name": "Blåbær 🫐", "count": count} for count in range(200)]
        session.set_expiry(0)
        session.save()
        self.assertTrue(Session.objects.get(pk=session.session_key).session_data.startswith("."), "not compressed")
        self.assertEqual(self.greeting(session.session_key), "Welcome, alice!")

    def test_an_expired_session_is_refused_and_cleared(self):
        live, expired = django_session(self.alice), django_session(self.alice)
        hour_ago = timezone.now() - timedelta(hours=1)
        Session.objects.filter(pk=expired.session_key).update(expire_date=hour_ago)
        self.assertEqual(self.greeting(expired.session_key), REFUSED)
        ECHO.run("clearsessions")
        self.assertFalse(Session.objects.filter(pk=expired.session_key).exists())
        self.assertTrue(Session.objects.filter(pk=live.session_key).exists())

    def test_an_empty_session_is_nobody(self):
        session = django_session(self.alice)
        session.flush()
        session["cart"] = []
        session.save()
        self.assertEqual(self.greeting(session.session_key), REFUSED)

    def test_passwords_in_every_algorithm(self):
        for number, (name, column) in enumerate(COLUMNS.items()):
            with self.subTest(name):
                user = User.objects.create(username=f"user{number}", password=column())
                self.check_login_and_upgrade(user)

    def check_login_and_upgrade(self, user):
        """Logs in at chanx, which writes the column anew if Django would, and so that Django agrees."""
        before = user.password
        self.assert_login_is_refused(user.username, PASSWORD.upper())
        key = self.log_in(user.username)
        user.refresh_from_db()
        upgraded = user.password
        preferred = PBKDF2PasswordHasher()
        needs_upgrade = not before.startswith("pbkdf2_sha256$") or preferred.must_update(before)
        self.assertEqual(upgraded != before, needs_upgrade, upgraded)
        self.assertFalse(preferred.must_update(upgraded))
        self.assertIsNotNone(authenticate(username=user.username, password=PASSWORD))
        user.refresh_from_db()
        self.assertEqual(user.password, upgraded)
        self.assertEqual(whoami(key), user.username)
        self.assertEqual(self.greeting(key), f"Welcome, {user.username}!")

    def test_an_unusable_password_lets_nobody_in(self):
        robot = User.objects.create_user("robot")
        self.assert_login_is_refused("robot", "")
        self.assert_login_is_refused("robot", robot.password)

    def test_a_changed_password_ends_the_session(self):
        carol = django_user("carol")
        session = django_session(carol)
        self.assertEqual(self.greeting(session.session_key), "Welcome, carol!")
        carol.set_password("velvet-cactus-nine")
        carol.save()
        self.assertEqual(self.greeting(session.session_key), REFUSED)

    def test_a_password_changed_at_chanx_ends_the_session_of_django(self):
        session = django_session(django_user("dora"))
        self.assertEqual(whoami(session.session_key), "dora")
        ECHO.run("changepassword", "dora", "--password-stdin", input="velvet-cactus-nine\n")
        self.assertIsNone(whoami(session.session_key))
        self.assertIsNotNone(authenticate(username="dora", password="velvet-cactus-nine"))

    def test_an_inactive_user_is_refused(self):
        erin = django_user("erin")
        session = django_session(erin)
        self.assertEqual(self.greeting(session.session_key), "Welcome, erin!")
        User.objects.filter(pk=erin.pk).update(is_active=False)
        self.assertEqual(self.greeting(session.session_key), REFUSED)
        self.assert_login_is_refused("erin")


class Keys(Scenario):
    """The secret key is replaced; the former one stays believed for a while."""

    @classmethod
    def make_database(cls):
        manage("migrate")
        cls.alice = django_user("alice_of_the_keys")
        cls.welcome = "Welcome, alice_of_the_keys!"

    def test_chanx_believes_the_former_key_only_as_a_fallback(self):
        key = django_session(self.alice).session_key
        with ECHO.with_settings(secret_key=NEW_KEY, secret_key_fallbacks=settings.SECRET_KEY).serve() as server:
            self.assertEqual(self.greeting(key, server), self.welcome)
        with ECHO.with_settings(secret_key=NEW_KEY).serve() as server:
            self.assertEqual(self.greeting(key, server), REFUSED)
        self.assertEqual(self.greeting(key), self.welcome, "looking at a session must not end it")

    def test_chanx_believes_the_next_key_before_it_signs_with_it(self):
        with override_settings(SECRET_KEY=NEW_KEY):
            key = django_session(self.alice).session_key
        self.assertEqual(self.greeting(key), REFUSED)
        with ECHO.with_settings(secret_key_fallbacks=NEW_KEY).serve() as server:
            self.assertEqual(self.greeting(key, server), self.welcome)

    def test_django_believes_the_former_key_and_signs_anew(self):
        key = self.log_in("alice_of_the_keys")
        with override_settings(SECRET_KEY=NEW_KEY):
            self.assertIsNone(whoami(key))
        with override_settings(SECRET_KEY=NEW_KEY, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
            renewed = self.renewed_by_django(key)
        with ECHO.with_settings(secret_key=NEW_KEY).serve() as server:
            self.assertEqual(self.greeting(renewed, server), self.welcome)

    def renewed_by_django(self, key):
        """The session key that Django gives in exchange for one that was signed with a fallback."""
        client = django_client(key)
        answer = client.get("/whoami/")
        self.assertEqual(answer.json(), self.alice.username)
        renewed = client.cookies["sessionid"].value
        self.assertNotEqual(renewed, key)
        return renewed


class Headers(unittest.TestCase):
    """Sockets that take tokens and passwords, for which the echo example has no consumer."""

    @classmethod
    def setUpClass(cls):
        manage("migrate")
        cls.bob = django_user("bob")
        conformance = program("conformance", FOLDER, **ECHO.settings, send_authentication_message="true")
        cls.server = cls.enterClassContext(conformance.serve())

    def by_token(self, token):
        return greeting(self.server, "/ws/auth/token/", Authorization=f"Token {token}")

    def by_password(self, password):
        credentials = base64.b64encode(f"bob:{password}".encode()).decode()
        return greeting(self.server, "/ws/auth/basic/", Authorization=f"Basic {credentials}")

    def test_a_token_of_rest_framework_opens_a_socket(self):
        token = Token.objects.create(user=self.bob).key
        self.assertEqual(self.by_token(token), "User:bob")
        self.assertEqual(self.by_token(token.upper()), "401 Invalid token.")
        self.assertEqual(ECHO.run("token", "bob"), token)
        Token.objects.filter(user=self.bob).delete()
        self.assertEqual(self.by_token(token), "401 Invalid token.")

    def test_the_token_of_an_inactive_user_is_refused(self):
        frank = django_user("frank", is_active=False)
        token = Token.objects.create(user=frank).key
        self.assertEqual(self.by_token(token), "401 User inactive or deleted.")

    def test_a_password_of_django_opens_a_socket(self):
        self.assertEqual(self.by_password(PASSWORD), "User:bob")
        self.assertEqual(self.by_password("wrong"), "401 Invalid username/password.")


def dump():
    """Everything that the database holds, as SQL."""
    connection = sqlite3.connect(DATABASE)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()
