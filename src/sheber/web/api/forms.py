"""Forms: what requests and answers of the API are made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

__all__ = ["Answer", "Done", "Form", "Id", "IdNumber", "Made", "Refusal", "When", "Whole", "refusals"]

MOST_ID: Final = 2**31 - 1


class Form(BaseModel):
    """What is sent to us: nothing that we do not know."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(BaseModel):
    """What we send: fields that are listed here, and no other. A new field of the school stays inside."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, found: object) -> Self:
        """An answer from what the school gave."""
        return cls.model_validate(found)

    @classmethod
    def all_of(cls, found: Iterable[object]) -> list[Self]:
        """Answers, one for each."""
        return [cls.model_validate(one) for one in found]


class Made(Answer):
    """What was made."""

    id: int = Field(description="Its number: part of the addresses that concern it.", examples=[12])


class Done(Answer):
    """It is done."""

    done: bool = True


class Refusal(Answer):
    """Why a request was not carried out. Nothing was changed."""

    error: str = Field(
        description="A whole sentence, in the language that was asked for.", examples=["name is missing."]
    )
    where: str = Field("", description="The field that caused it; empty where it was none.", examples=["name"])


def _in_our_time(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2200:
        raise ValueError("outside of the years 2000 to 2200")
    return moment.astimezone(UTC)


When = Annotated[
    AwareDatetime,
    AfterValidator(_in_our_time),
    Field(description="A moment with its time zone, in the years 2000 to 2200.", examples=["2027-11-22T09:00:00Z"]),
]
"""A moment that somebody sends."""

Whole = Annotated[int, Field(strict=True)]
"""A whole number in a body: no text, no truth."""

IdNumber = Annotated[Whole, Field(ge=1, le=MOST_ID, examples=[3])]
"""An id in a body."""

Id = Annotated[int, Path(ge=1, le=MOST_ID, examples=[3])]
"""An id in an address: what no database could hold is nothing of ours."""

_WHY: Final = {
    400: "The request cannot be read.",
    401: "No token was sent, or it is wrong, has expired or was revoked; or nobody has logged in.",
    403: "You may see this, and may not do it.",
    404: "There is no such thing, or you may not know of it.",
    405: "This address does not take such a request.",
    409: "Somebody else changed the same thing in the meantime.",
    413: "What was sent is too large.",
    422: "Something in the request is wrong; `where` names the field.",
    429: "Too many requests in a short time; the header `Retry-After` says for how many seconds to wait.",
    503: "The database does not answer; the header `Retry-After` says when to try again.",
}


def refusals() -> dict[int | str, dict[str, Any]]:
    """The answers that each route may give instead of its own."""
    wait = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return {
        status: {"model": Refusal, "description": why, **({"headers": wait} if status in (429, 503) else {})}
        for status, why in _WHY.items()
    }
