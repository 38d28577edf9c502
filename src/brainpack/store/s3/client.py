"""Clients of AWS, set up by the usual chain: environment, profiles, SSO, roles, and any S3-compatible endpoint."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.loaders import JSONFileLoader

from brainpack import __version__
from brainpack.errors import SettingsError
from brainpack.store.s3.errors import AWS_ERRORS, explained
from brainpack.store.s3.retries import follow_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

_CONNECTIONS: Final = 16
_FALLBACK_REGION: Final = "us-east-1"  # any will do where none is set: S3 redirects, other servers do not care
_AWS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


class _FilesReadOnce(JSONFileLoader):
    """botocore's descriptions of the services of AWS: megabytes of JSON, which each session would read anew."""

    load_file = cache(JSONFileLoader.load_file)


_FILES: Final = _FilesReadOnce()


def connect() -> tuple[S3Client, STSClient] | None:
    """Clients for S3 and for asking who we are; None where AWS is set up with no identity.

    Raises
    ------
    SettingsError
        No such profile, or an endpoint that makes no sense.
    """
    with _explaining():
        session = _session()
        if session.get_credentials() is None:
            return None
        s3 = _s3(session)
        return s3, _sts(session, s3.meta.endpoint_url)


def connect_as_nobody() -> S3Client:
    """Client for what everybody may read.

    Raises
    ------
    SettingsError
        No such profile, or an endpoint that makes no sense.
    """
    with _explaining():
        return _s3(_session(), Config(signature_version=UNSIGNED))


def _session() -> boto3.session.Session:
    core = botocore.session.get_session()
    core.get_component("data_loader").file_loader = _FILES
    return boto3.session.Session(botocore_session=core)


@contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except AWS_ERRORS as error:
        raise explained(error, "no connection to S3 can be made", lambda: "nobody") from error
    except ValueError as error:  # how botocore says that an endpoint is no URL
        if isinstance(error, SettingsError):
            raise
        raise SettingsError(f"no connection to S3 can be made: {error}; check AWS_ENDPOINT_URL_S3") from error


def _s3(session: boto3.session.Session, more: Config | None = None) -> S3Client:
    config = Config(
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": 1},  # the policy is ours, in one place
        # Uploads carry a SHA-256 of ours, and downloads are compared with it; many servers refuse what botocore adds.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent_extra=f"brainpack/{__version__}",
    ).merge(more or Config())
    client = session.client("s3", region_name=session.region_name or _FALLBACK_REGION, config=config)
    if client.meta.endpoint_url.startswith("https:"):
        # TLS and the checksum protect what is sent; a signature over the same bytes would hash them once more.
        unsigned = config.merge(Config(s3={"payload_signing_enabled": False}))
        client = session.client("s3", region_name=session.region_name or _FALLBACK_REGION, config=unsigned)
    follow_policy(client)
    return client


def _sts(session: boto3.session.Session, s3_endpoint: str) -> STSClient:
    """Client that asks AWS, or the store itself where that is not AWS: its keys are no business of AWS."""
    config = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})
    region = session.region_name or _FALLBACK_REGION
    client = session.client("sts", region_name=region, config=config)
    if _is_aws(client.meta.endpoint_url) and not _is_aws(s3_endpoint):
        client = session.client("sts", region_name=region, config=config, endpoint_url=s3_endpoint)
    return client


def _is_aws(endpoint: str) -> bool:
    return (urlsplit(endpoint).hostname or "").endswith(_AWS)
