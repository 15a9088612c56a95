"""Time stamps of RFC 3161: an authority confirms that a digest existed at a time.

The reply is kept with the checkpoint. It is verified against the authority's certificates, which a setting names, without
asking anybody. The packages ``asn1crypto`` and ``cryptography`` are needed for time stamps only, and are imported here only.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from batchbook.errors import BadInput, Conflict
from batchbook.settings import Setting

AUTHORITY = Setting(
    "batchbook.timestamp_url",
    "",
    "The address of the time-stamping authority (RFC 3161) that “batchbook seal checkpoint --timestamp” asks. Empty: none.",
)
CERTIFICATES = Setting(
    "batchbook.timestamp_certificates",
    "",
    "A file with the certificates in PEM that replies of the time-stamping authority are verified against: its root, and those between if the "
    "replies do not have them.",
)
SETTINGS = (AUTHORITY, CERTIFICATES)

#: The longest wait for a reply, in seconds, and the most bytes that a reply may have.
_SECONDS, _LONGEST = 30, 1_000_000
_GRANTED = ("granted", "granted_with_mods")
#: The use of a certificate without which nobody may make time stamps.
_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_NOT_INSTALLED = "Time stamps need the packages asn1crypto and cryptography, which are not installed: pip install 'batchbook[timestamps]'."


def request_timestamp(settings: Mapping[str, Any], digest: str) -> str:
    """Have the authority of the settings confirm ``digest``, a SHA-256 in hexadecimal; return its reply in base64.

    The reply is verified first. Raises ``BadInput`` if the settings or packages are missing, and ``Conflict`` if the
    authority cannot be reached, refuses, or replies with anything that is not to be trusted.
    """
    tsp = _tsp()
    url = AUTHORITY.text(settings)
    if not url.startswith(("http://", "https://")):
        raise BadInput(f"There is no time-stamping authority to ask: set {AUTHORITY.name} to its address.")
    certificates = trusted_certificates(settings)
    nonce = secrets.randbits(63)
    query = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": bytes.fromhex(digest),
            },
            "nonce": nonce,
            "cert_req": True,
        }
    )
    headers = {"Content-Type": "application/timestamp-query"}
    try:
        # Only http and https get here, see above.
        with urlopen(Request(url, query.dump(), headers), timeout=_SECONDS) as answer:  # noqa: S310
            reply = answer.read(_LONGEST)
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise Conflict(
            f"The time-stamping authority {url} did not answer ({error}). No time stamp was made."
        ) from error
    encoded = base64.b64encode(reply).decode()
    verify_timestamp(encoded, digest, certificates, nonce)
    return encoded


def trusted_certificates(settings: Mapping[str, Any]) -> list[Any]:
    """Return the certificates that the settings name; raise ``BadInput`` if there are none."""
    _tsp()
    from cryptography import x509

    path = CERTIFICATES.text(settings)
    try:
        return x509.load_pem_x509_certificates(Path(path).read_bytes()) if path else _refuse_none()
    except (OSError, ValueError) as error:
        raise BadInput(f"{CERTIFICATES.name} names {path}, which has no certificates ({error}).") from error


def _refuse_none() -> list[Any]:
    raise BadInput(
        f"Time stamps cannot be verified without the authority's certificates: set {CERTIFICATES.name} to a file of them."
    )


def verify_timestamp(encoded: str, digest: str, trusted: list[Any], nonce: int | None = None) -> datetime:
    """Return the time that a reply, in base64, confirms for ``digest``; raise ``Conflict`` if it is not to be trusted.

    The digest, the signature, the certificate's use, and the chain up to one of the ``trusted`` certificates, at the time
    of the stamp, must all be right, and so must the ``nonce``, if one is given.
    """
    tsp = _tsp()
    try:
        reply = tsp.TimeStampResp.load(base64.b64decode(encoded, validate=True), strict=True)
        status = reply["status"]["status"].native
        if status not in _GRANTED:
            raise Conflict(f"The time-stamping authority did not make a time stamp: it replied “{status}”.")
        signed = reply["time_stamp_token"]["content"]
        content = signed["encap_content_info"]["content"]
        info = content.parsed
        _verify_imprint(info, digest, nonce)
        signer = _verify_signature(signed, content)
        at: datetime = info["gen_time"].native
        _verify_chain(signer, signed, trusted, at)
    except Conflict:
        raise
    except Exception as error:  # Whatever is wrong with bytes from elsewhere, they are not to be trusted.
        raise _untrusted("is not readable") from error
    return at


def _untrusted(why: str) -> Conflict:
    return Conflict(f"The time stamp is not to be trusted: it {why}.")


def _verify_imprint(info: Any, digest: str, nonce: int | None) -> None:
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    if (algorithm, imprint["hashed_message"].native) != ("sha256", bytes.fromhex(digest)):
        raise _untrusted("is for another digest")
    if nonce is not None and info["nonce"].native != nonce:
        raise _untrusted("is the answer to another request")


def _verify_signature(signed: Any, content: Any) -> Any:
    """Return the certificate that signed the time stamp; raise ``Conflict`` if the signature is not right."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    (signer,) = signed["signer_infos"]
    attributes = {one["type"].native: one["values"] for one in signer["signed_attrs"]}
    algorithm = signer["digest_algorithm"]["algorithm"].native
    if attributes["message_digest"][0].native != hashlib.new(algorithm, bytes(content)).digest():
        raise _untrusted("was changed")
    if attributes["content_type"][0].native != "tst_info":
        raise _untrusted("is no time stamp")
    for one in signed["certificates"]:
        certificate = x509.load_der_x509_certificate(one.chosen.dump())
        if _is_meant(certificate, attributes):
            try:
                _verify_bytes(certificate, signer, algorithm)
            except InvalidSignature as error:
                raise _untrusted("has a wrong signature") from error
            return certificate
    raise _untrusted("does not have the certificate that signed it")


def _is_meant(certificate: Any, attributes: Mapping[str, Any]) -> bool:
    """Return whether the signed attributes name ``certificate``, so that no other one can be put in its place."""
    encoded = _der_of(certificate)
    if "signing_certificate_v2" in attributes:
        (named,) = [*attributes["signing_certificate_v2"][0]["certs"]][:1]
        algorithm = named["hash_algorithm"]["algorithm"].native or "sha256"
    else:
        (named,) = [*attributes["signing_certificate"][0]["certs"]][:1]
        algorithm = "sha1"
    return bool(named["cert_hash"].native == hashlib.new(algorithm, encoded).digest())


def _der_of(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    encoded: bytes = certificate.public_bytes(Encoding.DER)
    return encoded


def _verify_bytes(certificate: Any, signer: Any, algorithm: str) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    # What is signed are the attributes as a SET, not with the tag that they have within the structure.
    attributes = signer["signed_attrs"].untag().dump()
    signature, digest = signer["signature"].native, getattr(hashes, algorithm.upper())()
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, attributes, padding.PKCS1v15(), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, attributes, ec.ECDSA(digest))
    else:
        raise _untrusted("has a signature of a kind that is not known here")


def _verify_chain(signer: Any, signed: Any, trusted: list[Any], at: datetime) -> None:
    """Raise ``Conflict`` unless ``signer`` may make time stamps, and its certificate leads to a trusted one."""
    from cryptography import x509

    uses = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if _TIME_STAMPING not in {use.dotted_string for use in uses}:
        raise _untrusted("was signed with a certificate that is not for time stamps")
    known = [x509.load_der_x509_certificate(one.chosen.dump()) for one in signed["certificates"]]
    certificate = signer
    for _step in range(len(known) + len(trusted) + 1):
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise _untrusted("was signed when a certificate was not valid")
        if certificate in trusted:
            return
        issuer = next((one for one in (*trusted, *known) if _issued(one, certificate)), None)
        if issuer is None:
            break
        certificate = issuer
    raise _untrusted("was signed with a certificate that leads to none of those in the settings")


def _issued(issuer: Any, certificate: Any) -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return bool(constraints.ca) and issuer != certificate


def _tsp() -> Any:
    try:
        import cryptography  # noqa: F401 - Only whether it is there.
        from asn1crypto import tsp
    except ImportError as error:
        raise BadInput(_NOT_INSTALLED) from error
    return tsp
