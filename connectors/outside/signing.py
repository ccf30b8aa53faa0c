"""Who asks and that nobody changed the question: a keyed digest of a request, as Chinese government gateways want it (HMAC-SM3)."""

from collections.abc import Callable, Mapping
from typing import Annotated
from urllib.parse import parse_qsl, quote

from cryptography.hazmat.primitives.hashes import SHA256, SM3, Hash, HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC
from msgspec import Meta

from engine.parts import Part


class Signature(Part, frozen=True):
    """HMAC-SM3 over method, path, sorted query, time, nonce and digest of the body, in headers (请求签名)."""

    app: Annotated[str, Meta(title="应用标识", description="Who asks, as the gateway knows us", examples=["chengmai"])]
    secret: Annotated[str, Meta(title="密钥", description="{secret: name} or {env: NAME}; never written here")]
    app_header: Annotated[str, Meta(title="标识头", description="Header that says who asks")] = "X-App-Id"
    time_header: Annotated[str, Meta(title="时间头", description="Header of the time, in milliseconds since 1970")] = "X-Timestamp"
    nonce_header: Annotated[str, Meta(title="随机数头", description="Header of a number that is used once")] = "X-Nonce"
    header: Annotated[str, Meta(title="签名头", description="Header of the signature, in hexadecimal")] = "X-Signature"


def digest(algorithm: HashAlgorithm, body: bytes) -> str:
    """A digest in hexadecimal."""
    made = Hash(algorithm)
    made.update(body)
    return made.finalize().hex()


def canonical(method: str, path: str, query: str, milliseconds: str, nonce: str, body: bytes) -> str:
    """What is signed: six lines; the query is sorted by name and value, so that its order does not matter."""
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    ordered = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    return "\n".join([method.upper(), path, ordered, milliseconds, nonce, digest(SM3(), body)])


def signed_headers(
    signature: Signature, method: str, path: str, query: str, body: bytes, seconds: float, nonce: Callable[[], str]
) -> Mapping[str, str]:
    """The headers that sign one request."""
    milliseconds, once = str(int(seconds * 1000)), nonce()
    keyed = HMAC(signature.secret.encode(), SM3())
    keyed.update(canonical(method, path, query, milliseconds, once, body).encode())
    return {
        signature.app_header: signature.app,
        signature.time_header: milliseconds,
        signature.nonce_header: once,
        signature.header: keyed.finalize().hex(),
    }


def fingerprint(body: bytes) -> str:
    """What two equal answers are known by."""
    return digest(SHA256(), body)
