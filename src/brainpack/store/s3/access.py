"""A folder of a bucket, as one identity sees it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from brainpack.errors import SettingsError
from brainpack.store.s3.client import connect, connect_as_nobody
from brainpack.store.s3.errors import explaining
from brainpack.store.s3.identity import identity_if_known

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

    from brainpack.store.location import BucketFolder
    from brainpack.store.s3.identity import Identity


class Access:
    """Clients, and the folder that they are used for.

    Attributes
    ----------
    client : S3Client
    where : BucketFolder
    """

    def __init__(self, client: S3Client, sts: STSClient | None, where: BucketFolder) -> None:
        self.client = client
        self.where = where
        self._sts = sts

    @classmethod
    def to(cls, where: BucketFolder) -> Access:
        """Access by what AWS is set up for here.

        Raises
        ------
        SettingsError
            It is not set up, or in a way that makes no sense.
        """
        access = cls.if_set_up(where)
        if access is None:
            raise SettingsError(
                "no AWS credentials were found: set AWS_PROFILE, or run `aws configure` or `aws sso login`; for "
                "another store set AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        return access

    @classmethod
    def if_set_up(cls, where: BucketFolder) -> Access | None:
        """Access by what AWS is set up for here; None where there are no credentials."""
        clients = connect()
        return None if clients is None else cls(*clients, where)

    @classmethod
    def of_everybody(cls, where: BucketFolder) -> Access:
        """Access without credentials, to what is public."""
        return cls(connect_as_nobody(), None, where)

    @cached_property
    def identity(self) -> Identity | None:
        """Who we are; None where the store cannot say."""
        return None if self._sts is None else identity_if_known(self._sts)

    def who(self) -> str:
        """Who we are, for messages; of a key no more than its end."""
        if self._sts is None:
            return "nobody, since no AWS credentials were found"
        if self.identity is not None:
            return str(self.identity)
        key = self._access_key()
        return f"the owner of the access key …{key[-4:]}"

    def _access_key(self) -> str:
        # botocore has no public way from a client to the credentials that it signs with
        credentials: Any = self.client._request_signer._credentials  # type: ignore[attr-defined]  # see above  # noqa: SLF001
        return str(credentials.access_key)

    def name(self, key: str, version_id: str | None = None) -> dict[str, Any]:
        """Arguments that name an object, or one version of it, to the client."""
        version = {} if version_id is None else {"VersionId": version_id}
        return {"Bucket": self.where.bucket, "Key": self.where.key(key), **version}

    def explaining(self, asked: str, key: str = "", version_id: str | None = None) -> AbstractContextManager[None]:
        """Errors of AWS in our words; "could not <asked> s3://…"."""
        version = "" if version_id is None else f" in the version {version_id!r}"
        return explaining(asked, f"{self.where.url(key)}{version}", self.who)
