"""A browser without windows: it keeps cookies, follows no redirect and fills in forms."""

import re
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode

HIDDEN_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
LIMIT = 60  # seconds for an answer; a password may be hashed meanwhile, by code that is not optimized


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.location = response.headers.get("Location")
        self.text = response.read().decode()
        self.cookies = SimpleCookie()
        for cookie in response.headers.get_all("Set-Cookie", []):
            self.cookies.load(cookie)


class Browser:
    """Talks to a chanx server."""

    def __init__(self, server, **cookies):
        self.server, self.cookies = server, cookies

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, **fields):
        """Sends the form that the page at `path` shows, with its hidden token."""
        token = hidden_token(self.get(path).text)
        body = urlencode({"csrfmiddlewaretoken": token, **fields})
        return self.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def log_in(self, username, password):
        return self.post("/admin/login/", username=username, password=password, next="/echo/")

    def request(self, method, path, body=None, headers=()):
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = HTTPConnection(self.server.host, self.server.port, timeout=LIMIT)
        try:
            connection.request(method, path, body, {"Cookie": cookies, "Connection": "close", **dict(headers)})
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        self.keep(answer.cookies)
        return answer

    def keep(self, cookies):
        for name, cookie in cookies.items():
            if cookie["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = cookie.value


def hidden_token(page):
    """The token in a page's form."""
    found = HIDDEN_TOKEN.search(page)
    if not found:
        raise AssertionError(f"the page has no form with a CSRF token:\n{page}")
    return found[1]
