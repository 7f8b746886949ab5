"""The payload types of ../types.md for Pydantic."""

import enum
import uuid
from datetime import date, datetime, time
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, Optional

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, HttpUrl, IPvAnyAddress, TypeAdapter

I64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]


class Color(str, enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Address(BaseModel):
    street: str
    zip_code: Optional[str] = None


class Person(BaseModel):
    name: str
    age: Annotated[int, Field(ge=0, le=150)]
    address: Address
    tags: list[str] = []
    nickname: Optional[str] = None


class Tree(BaseModel):
    value: I64
    children: list["Tree"] = []


class Forbid(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: I64


class Ignore(BaseModel):
    a: I64


class Allow(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: I64


class Aliased(BaseModel):
    user_name: str = Field(alias="userName")


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: I64


class Dog(BaseModel):
    kind: Literal["dog"]
    good: bool


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]

TYPES = {
    "int": I64,
    "int_range": Annotated[int, Field(ge=0, le=10)],
    "int_gt_lt": Annotated[int, Field(gt=0, lt=10)],
    "int_multiple": Annotated[I64, Field(multiple_of=5)],
    "float": float,
    "float_range": Annotated[float, Field(ge=0.5, lt=2)],
    "bool": bool,
    "str": str,
    "str_len": Annotated[str, Field(min_length=2, max_length=5)],
    "str_pattern": Annotated[str, Field(pattern=r"^[a-z]+\d*$")],
    "none": None,
    "any": Any,
    "optional_int": Optional[I64],
    "optional_str": Optional[str],
    "literal_str": Literal["a", "b"],
    "literal_one": Literal["only"],
    "enum_str": Color,
    "enum_int": Level,
    "list_int": list[I64],
    "list_len": Annotated[list[I64], Field(min_length=1, max_length=3)],
    "list_list": list[list[I64]],
    "tuple_fixed": tuple[I64, str],
    "dict_str_int": dict[str, I64],
    "int_or_str": int | str,
    "uuid": uuid.UUID,
    "datetime": datetime,
    "date": date,
    "time": time,
    "http_url": HttpUrl,
    "ipv4": IPv4Address,
    "ip": IPvAnyAddress,
    "base64": Base64Bytes,
    "address": Address,
    "person": Person,
    "people": list[Person],
    "people_by_name": dict[str, Person],
    "optional_person": Optional[Person],
    "tree": Tree,
    "forbid": Forbid,
    "ignore": Ignore,
    "allow": Allow,
    "aliased": Aliased,
    "pet": Pet,
    "pets": list[Pet],
}

ADAPTERS = {name: TypeAdapter(kind) for name, kind in TYPES.items()}
