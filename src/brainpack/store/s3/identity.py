"""Who we are for AWS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import TaggingTypeDef
    from mypy_boto3_sts import STSClient

# What the value of a tag may not hold: AWS General Reference, "Tag naming limits and requirements".
_NOT_IN_TAGS: Final = re.compile(r"[^\w\s+\-=.:/@]")
TAG: Final = "uploadedBy"
_LONGEST_TAG: Final = 256


class Identity(NamedTuple):
    """An account, and a user or role session of it."""

    account: str
    user: str

    @property
    def tag(self) -> str:
        """The user as the value of a tag."""
        return _NOT_IN_TAGS.sub("_", self.user)[:_LONGEST_TAG]

    @property
    def tags(self) -> TaggingTypeDef:
        """What every object of this user is tagged with, as the API of S3 writes it."""
        return {"TagSet": [{"Key": TAG, "Value": self.tag}]}

    def __str__(self) -> str:
        return f"user {self.user} of account {self.account}"


def identity_of(client: STSClient) -> Identity:
    """Account and user behind a client; the user is the last part of the caller's ARN."""
    found = client.get_caller_identity()
    return Identity(found["Account"], found["Arn"].rsplit("/", 1)[-1])


def identity_if_known(client: STSClient) -> Identity | None:
    """Account and user behind a client; None where nobody can say, or we may not ask."""
    try:
        return identity_of(client)
    except (BotoCoreError, ClientError, ResponseParserError, KeyError):
        return None
