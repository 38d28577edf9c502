"""One file to S3, and who uploads it: two functions of the packaging API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brainpack import publishing
from brainpack.settings import with_home
from brainpack.store.location import BucketFolder

if TYPE_CHECKING:
    import os

    AnyPath = str | os.PathLike[str]


def upload_to_s3(source_file_path: AnyPath, bucket_name: str, target_s3_key: str) -> dict[str, Any]:
    """Upload a file to S3, create-only: the same bytes again are success, others are refused.

    Parameters
    ----------
    source_file_path : path
    bucket_name : str
        "bucket" or "bucket/folder".
    target_s3_key : str
        Key in the bucket or folder.

    Returns
    -------
    dict
        `Bucket`, `Key`, `ContentLength`, `ETag`, `LastModified` (ISO 8601), `Metadata` (`sha1`, `sha256`), and
        `VersionId` where the bucket keeps versions.

    Raises
    ------
    AlreadyPublished
        The key has other bytes.
    NotFound, AccessDenied, Unavailable, IntegrityError, StoreError, SettingsError
        The file or the bucket does not exist, the bucket refuses or does not answer, the bytes did not arrive as they
        are, or AWS is not set up.

    Examples
    --------
    For a file of its own::

        upload_to_s3("weights.npz", "my-bucket/lab", "weights.npz")["VersionId"]
    """
    return publishing.upload(with_home(source_file_path), BucketFolder.parse(bucket_name), target_s3_key)


def get_user_info(sts_client: Any) -> tuple[str, str]:
    """Account and name of the AWS user behind a client.

    Parameters
    ----------
    sts_client : boto3 client for "sts"

    Returns
    -------
    (str, str)
        Account id, and the last part of the caller's ARN.
    """
    from brainpack.store.s3.identity import identity_of

    account, user = identity_of(sts_client)
    return account, user
