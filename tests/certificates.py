"""Certificates of the tests' own, by the openssl command."""

import subprocess
from pathlib import Path
from typing import NamedTuple


class Certificate(NamedTuple):
    """A certificate and its key, both PEM.

    Attributes:
        file: The certificate.
        key: The key, without a password.
    """

    file: Path
    key: Path


def make_certificate(folder: Path, name: str = "localhost") -> Certificate:
    """One that is its own authority."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    _request(made, name, "-addext", f"subjectAltName={_names(name)}")
    return made


class Authority:
    """An authority that signs certificates.

    Attributes:
        own: Its certificate, which the others are checked against.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """Make it.

        Args:
            folder: For its files and those that it signs.
            name: Its common name, and of its files.
        """
        self._folder = folder
        self.own = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
        _request(self.own, name)

    def sign(self, name: str) -> Certificate:
        """A certificate for a host, or for a client."""
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        _request(
            made,
            name,
            *("-addext", f"subjectAltName={_names(name)}"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *("-CA", str(self.own.file), "-CAkey", str(self.own.key)),
        )
        return made


def _names(name: str) -> str:
    return f"DNS:{name},IP:127.0.0.1"


def _request(made: Certificate, name: str, *more: str) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey", "ec"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", f"/CN={name}"),
            *("-keyout", str(made.key), "-out", str(made.file), *more),
        ],
        check=True,
        capture_output=True,
    )
