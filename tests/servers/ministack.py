"""MiniStack, an emulator of AWS that checks signatures, permissions and checksums."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any, ClassVar

import boto3

from tests.servers.base import Server, virtual_environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.base import Processes

REQUIREMENT = "ministack==1.5.33"


class MiniStack(Server):
    """The server that knows users with policies, STS, and the checksums of AWS."""

    name: ClassVar[str] = "ministack"

    def __init__(self) -> None:
        super().__init__()
        self._program: Path | None = None

    def prepare(self) -> None:
        self._program = virtual_environment("ministack", REQUIREMENT) / "ministack"

    def launch(self, processes: Processes) -> None:
        assert self._program is not None
        processes.start(
            "ministack",
            self._program,
            BIND_HOST="127.0.0.1",  # by default it listens to everybody
            GATEWAY_PORT=str(self.port),
            AUTH="true",
            AWS_ACCESS_KEY_ID=self.access_key,
            AWS_SECRET_ACCESS_KEY=self.secret_key,
            SERVICES="s3,sts,iam",
            S3_PERSIST="1",
            S3_DATA_DIR=str(self.folder / "objects"),
            PERSIST_STATE="1",
            STATE_DIR=str(self.folder / "state"),
            TMPDIR=str(self.folder),  # for the number of its process
            SFTP_ENABLED="0",
            IOT_MTLS_ENABLED="0",
        )

    def user(self, policy: dict[str, Any]) -> tuple[str, str]:
        """Access key and secret key of a new user, who may do what the policy says.

        The secret of the root user is accepted whatever it is; that of such a user has to be right.
        """
        iam = boto3.Session().client(
            "iam",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
        )
        name = f"user-{secrets.token_hex(8)}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]
