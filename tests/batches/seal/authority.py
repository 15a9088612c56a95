"""A time-stamping authority for tests, played by "openssl ts": fixtures, and the command."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

_CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/{name}.pem
signer_key = {folder}/{name}.key
certs = {folder}/root.pem
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_certificate(folder: Path, name: str, extensions: str, issuer: str | None = None) -> None:
    (folder / f"{name}.ext").write_text(extensions)
    new_key = ("-newkey", "rsa:2048", "-nodes", "-keyout", folder / f"{name}.key")
    openssl("req", "-new", *new_key, "-subj", f"/CN={name}", "-out", folder / f"{name}.csr")
    signed = ("-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key", "-CAcreateserial") if issuer else (
        "-signkey", folder / f"{name}.key",
    )  # fmt: skip
    openssl(
        "x509", "-req", "-days", 2, "-in", folder / f"{name}.csr", "-extfile", folder / f"{name}.ext", *signed,
        "-out", folder / f"{name}.pem",
    )  # fmt: skip


@pytest.fixture(scope="module", name="folder")
def authority_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys and certificates of two roots and of an authority under the first."""
    folder = tmp_path_factory.mktemp("authority")
    ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash"
    make_certificate(folder, "root", ca)
    make_certificate(folder, "stranger", ca)
    leaf = "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping"
    make_certificate(folder, "stamps", leaf, "root")
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder, name="stamps"))
    return folder


@pytest.fixture(name="authority")
def authority_address(folder: Path) -> Iterator[str]:
    """The address of a time-stamping authority."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = folder / "query.tsq"
            query.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            reply = folder / "reply.tsr"
            openssl("ts", "-reply", "-config", folder / "tsa.cnf", "-queryfile", query, "-out", reply)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reply.read_bytes())

        def log_message(self, *_arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()
