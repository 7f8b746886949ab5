"""Two login pages, one login: the cookies of each site are good at the other."""

from browser import hidden_token
from scenario import PASSWORD, REFUSED, Scenario, django_client, django_user, manage, whoami

LOGIN, LOGOUT = "/admin/login/", "/admin/logout/"


class LoginPages(Scenario):
    @classmethod
    def make_database(cls):
        manage("migrate")
        # Django's administration lets only staff in.
        cls.alice = django_user("alice", is_staff=True)

    def log_in_at_django(self, client):
        page = client.get(LOGIN).content.decode()
        form = {"username": "alice", "password": PASSWORD, "next": "/admin/"}
        answer = client.post(LOGIN, {**form, "csrfmiddlewaretoken": hidden_token(page)})
        self.assertEqual((answer.status_code, answer.headers.get("Location")), (302, "/admin/"), answer.content)
        return answer

    def test_a_login_at_django_opens_page_and_socket_until_chanx_ends_it(self):
        client = django_client()
        self.log_in_at_django(client)
        key = client.cookies["sessionid"].value
        browser = self.browser(sessionid=key)
        self.assertEqual(browser.get("/echo/").status, 200)
        self.assertEqual(self.greeting(key), "Welcome, alice!")
        self.assertEqual(browser.post(LOGOUT).status, 200)
        self.assertNotIn("sessionid", browser.cookies)
        self.assertIsNone(whoami(key))
        self.assertEqual(self.greeting(key), REFUSED)

    def test_a_login_at_chanx_opens_the_administration_until_django_ends_it(self):
        browser = self.browser()
        browser.log_in("alice", PASSWORD)
        key = browser.cookies["sessionid"]
        client = django_client(key)
        page = client.get("/admin/")
        self.assertEqual(page.status_code, 200)
        token = hidden_token(page.content.decode())
        self.assertEqual(client.post(LOGOUT, {"csrfmiddlewaretoken": token}).status_code, 200)
        self.assertEqual(browser.get("/echo/").status, 302)
        self.assertEqual(self.greeting(key), REFUSED)

    def test_the_csrf_cookie_of_chanx_is_good_at_django(self):
        browser, client = self.browser(), django_client()
        token = hidden_token(browser.get(LOGIN).text)
        client.cookies["csrftoken"] = browser.cookies["csrftoken"]
        form = {"username": "alice", "password": PASSWORD, "next": "/admin/"}
        self.assertEqual(client.post(LOGIN, {**form, "csrfmiddlewaretoken": token}).status_code, 302)
        client.cookies["csrftoken"] = browser.cookies["csrftoken"][::-1]
        self.assertEqual(client.post(LOGIN, {**form, "csrfmiddlewaretoken": token}).status_code, 403)

    def test_the_csrf_cookie_of_django_is_good_at_chanx(self):
        client = django_client()
        token = hidden_token(client.get(LOGIN).content.decode())
        secret = client.cookies["csrftoken"].value
        self.assertEqual(self.submit(secret, token).status, 302)
        self.assertEqual(self.submit(secret[::-1], token).status, 403)

    def submit(self, secret, token):
        """Sends the login form of chanx with the cookie and the hidden token of another page."""
        body = f"username=alice&password={PASSWORD}&csrfmiddlewaretoken={token}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.browser(csrftoken=secret).request("POST", LOGIN, body, headers)

    def test_both_set_their_cookies_alike(self):
        by_django = self.log_in_at_django(django_client()).cookies
        by_chanx = self.browser().log_in("alice", PASSWORD).cookies
        self.assertEqual(sorted(by_chanx), sorted(by_django))
        for name in by_django:
            with self.subTest(name):
                self.assertEqual(attributes(by_chanx[name]), attributes(by_django[name]))
                self.assertEqual(len(by_chanx[name].value), len(by_django[name].value))

    def test_a_new_login_at_chanx_ends_the_one_that_the_browser_had_from_django(self):
        client = django_client()
        self.log_in_at_django(client)
        old = client.cookies["sessionid"].value
        browser = self.browser(sessionid=old)
        self.assertEqual(browser.log_in("alice", PASSWORD).status, 302)
        self.assertNotEqual(browser.cookies["sessionid"], old)
        self.assertIsNone(whoami(old))
        self.assertEqual(whoami(browser.cookies["sessionid"]), "alice")


def attributes(cookie):
    """The attributes of a cookie that do not depend on the time."""
    return {name: str(value) for name, value in cookie.items() if value and name != "expires"}
