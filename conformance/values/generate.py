"""Random JSON texts for the payload types: good ones, and good ones with something changed."""

import json


class Number:
    """A number as it is spelled."""

    def __init__(self, text):
        self.text = text


INTEGERS = [0, 1, -1, 2, 3, 5, 7, 9, 10, 11, 12, 42, 100, 127, 128, 149, 150, 151, 255, 256, 1000, 2**31, 2**53, 2**53 + 1]
INTEGERS += [2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**20]
FRACTIONS = ["0.5", "1.5", "-0.5", "0.1", "1.9999999999999998", "0.49999999999999994", "5e-324", "1e-7", "2.5e0", "12.5e-1"]
WHOLE = ["-0", "-0.0", "0e5", "1e3", "1E+2", "15e-1", "150e-1", "1e22", "1e300", "-1e300", "9223372036854775807.0", "20e-1"]
WORDS = ["", "a", "b", "ab", "abc1", "abcdef", "only", "red", "green", "RED", "cat", "dog", "true", "null", "1", "1.5", "x y"]
WORDS += ["ünï", "😀", "😀😀", "a\n", "\x00", "a\u0301", "\u2028", "it's", 'say "x"', "a\\b", "zip_code", "١"]
TEXTS = {
    "uuid": ["12345678-1234-5678-1234-567812345678", "ABCDEF01-1234-5678-1234-567812345678"],
    "datetime": ["2025-06-07T14:40:21Z", "2024-02-29 23:59:59.123456+07:00", "0001-01-01T00:00:00-23:59", "9999-12-31t23:59:59z"],
    "date": ["2025-06-07", "2024-02-29", "0001-01-01", "9999-12-31", "2025-6-7", "2025-02-29"],
    "time": ["14:40:21", "00:00:00.1", "23:59:59.999999"],
    "http_url": ["http://example.com", "https://user:pw@exämple.com:8080/p/../q?a=1#f", "ftp://example.com/", "HTTP://[::1]/ä"],
    "ipv4": ["127.0.0.1", "0.0.0.0", "255.255.255.255", "1.2.3.4/8", "01.2.3.4", "256.1.1.1"],
    "ip": ["127.0.0.1", "::1", "2001:0DB8:0:0:0:0:0:1", "1:2:3:4:5:6:7:8", "256.1.1.1"],
    "base64": ["", "aGk=", "+w==", "AAAA", "aGkhaGkh"],
}
PIECES = ["0", "1", "9", "-", ":", ".", "/", " ", "T", "Z", "+", "=", "a", "F", "x", "é", "", "25", "00", "::", "%", "@", "#"]
SCALARS = [None, True, False, [], {}]


class Values:
    def __init__(self, random):
        self.random = random

    def payload(self, kind):
        """A payload that may be good."""
        value = self.good(kind)
        for _ in range(self.random.choice([0, 0, 1, 1, 1, 2, 3])):
            value = self.changed(value)
        return value

    def integer(self, least=-(2**63), most=2**63 - 1):
        fitting = [n for n in [s * i for i in INTEGERS for s in (1, -1)] if least <= n <= most]
        return self.spelled(self.random.choice(fitting))

    def spelled(self, n):
        style = self.random.randrange(6)
        if style == 0 and abs(n) < 2**53:
            return Number(f"{n}.0")
        if style == 1 and abs(n) < 2**53:
            return Number(f"{n}e0")
        if style == 2 and n % 10 == 0 and n:
            return Number(f"{n // 10}E+1")
        return Number(str(n))

    def number(self):
        style = self.random.randrange(3)
        if style == 0:
            return Number(self.random.choice(FRACTIONS))
        if style == 1:
            return Number(self.random.choice(WHOLE))
        return self.spelled(self.random.choice(INTEGERS) * self.random.choice([1, -1]))

    def word(self):
        return self.random.choice(WORDS)

    def text(self, kind):
        text = self.random.choice(TEXTS[kind])
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            at = self.random.randrange(len(text) + 1)
            text = text[:at] + self.random.choice(PIECES) + text[at + self.random.randrange(2) :]
        return text

    def some(self, make):
        return [make() for _ in range(self.random.randrange(4))]

    def optional(self, make):
        return self.random.choice([lambda: None, make])()

    def fields(self, required, optional):
        made = {name: make() for name, make in required.items()}
        made |= {name: make() for name, make in optional.items() if self.random.random() < 0.5}
        names = list(made)
        self.random.shuffle(names)
        return {name: made[name] for name in names}

    def any(self, depth=2):
        choices = [lambda: self.random.choice(SCALARS), self.number, self.word]
        if depth:
            choices += [lambda: self.some(lambda: self.any(depth - 1))]
            choices += [lambda: {self.word(): self.any(depth - 1) for _ in range(self.random.randrange(3))}]
        return self.random.choice(choices)()

    def address(self):
        return self.fields({"street": self.word}, {"zip_code": lambda: self.optional(self.word)})

    def person(self):
        return self.fields(
            {"name": self.word, "age": lambda: self.integer(0, 150), "address": self.address},
            {"tags": lambda: self.some(self.word), "nickname": lambda: self.optional(self.word)},
        )

    def tree(self, depth=3):
        children = lambda: self.some(lambda: self.tree(depth - 1)) if depth else []
        return self.fields({"value": self.integer}, {"children": children})

    def pet(self):
        kind = self.random.choice(["cat", "dog"])
        rest = {"lives": self.integer} if kind == "cat" else {"good": lambda: self.random.choice([True, False])}
        return self.fields({"kind": lambda: kind} | rest, {})

    def good(self, kind):
        if kind in TEXTS:
            return self.text(kind)
        with_a = lambda: self.fields({"a": self.integer}, {"b": self.any, "_c": self.any})
        makers = {
            "int": self.integer,
            "int_range": lambda: self.integer(-1, 11),
            "int_gt_lt": lambda: self.integer(-1, 11),
            "int_multiple": self.integer,
            "float": self.number,
            "float_range": self.number,
            "bool": lambda: self.random.choice([True, False]),
            "str": self.word,
            "str_len": self.word,
            "str_pattern": self.word,
            "none": lambda: None,
            "any": self.any,
            "optional_int": lambda: self.optional(self.integer),
            "optional_str": lambda: self.optional(self.word),
            "literal_str": self.word,
            "literal_one": self.word,
            "enum_str": self.word,
            "enum_int": lambda: self.integer(0, 3),
            "list_int": lambda: self.some(self.integer),
            "list_len": lambda: self.some(self.integer) + self.some(self.integer),
            "list_list": lambda: self.some(lambda: self.some(self.integer)),
            "tuple_fixed": lambda: [self.integer(), self.word()],
            "dict_str_int": lambda: {self.word(): self.integer() for _ in range(self.random.randrange(4))},
            "int_or_str": lambda: self.random.choice([self.integer, self.word])(),
            "address": self.address,
            "person": self.person,
            "people": lambda: self.some(self.person),
            "people_by_name": lambda: {self.word(): self.person() for _ in range(self.random.randrange(3))},
            "optional_person": lambda: self.optional(self.person),
            "tree": self.tree,
            "forbid": lambda: self.fields({"a": self.integer}, {}),
            "ignore": with_a,
            "allow": with_a,
            "aliased": lambda: self.fields({"userName": self.word}, {"user_name": self.word}),
            "pet": self.pet,
            "pets": lambda: self.some(self.pet),
        }
        return makers[kind]()

    def changed(self, value):
        """The value with one change, at any depth."""
        if isinstance(value, list) and value and self.random.random() < 0.7:
            at = self.random.randrange(len(value))
            changed = list(value)
            if self.random.random() < 0.2:
                del changed[at]
            elif self.random.random() < 0.2:
                changed.insert(at, self.any())
            else:
                changed[at] = self.changed(changed[at])
            return changed
        if isinstance(value, dict) and value and self.random.random() < 0.8:
            key = self.random.choice(list(value))
            changed = dict(value)
            if self.random.random() < 0.2:
                del changed[key]
            elif self.random.random() < 0.2:
                changed[self.word()] = self.any()
            else:
                changed[key] = self.changed(changed[key])
            return changed
        return self.any()


def write(value, number=lambda text: text):
    """The JSON text, with each number as `number` writes it."""
    if isinstance(value, Number):
        return number(value.text)
    if isinstance(value, list):
        return "[" + ",".join(write(item, number) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{write(item, number)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def as_integer(text):
    """A whole number, spelled as an integer; another as it is."""
    if not any(mark in text for mark in ".eE"):
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() else text
