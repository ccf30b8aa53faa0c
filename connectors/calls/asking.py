"""Who asks, and how it is proved: keys in headers, a signature, or a token that is fetched and fetched anew when it no longer does."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from connectors.calls.documents import at, document_of, is_missing
from connectors.outside.hosts import Target, reach_url
from connectors.outside.http import Answer, Asked, Caller
from connectors.outside.signing import Signature, signed_headers
from engine.connector import SourceFailed
from engine.parts import Part

_EARLY = 30.0  # seconds before its end that a token is fetched anew


class ClientCredentials(Part, frozen=True):
    """A token by OAuth 2 client credentials (令牌)."""

    token_url: Annotated[str, Meta(title="令牌地址", description="Where tokens are given", examples=["https://sso.example.cn/oauth/token"])]
    client_id: Annotated[str, Meta(title="客户端", description="Who asks")]
    client_secret: Annotated[str, Meta(title="密钥", description="{secret: name} or {env: NAME}; never written here")]
    scope: Annotated[str | None, Meta(title="范围", description="What for")] = None


class Asker:
    """Asks questions under a name (提问者). To be closed with its caller."""

    def __init__(self, caller: Caller, headers: Mapping[str, str], signature: Signature | None, oauth: ClientCredentials | None) -> None:
        self.caller, self.headers, self.signature, self.oauth = caller, headers, signature, oauth
        self._token: str | None = None
        self._good_until = 0.0

    def ask(self, method: str, url: str, body: bytes, may_repeat: bool) -> Answer:
        """The answer; a token that is refused is fetched anew once. Raises SourceFailed."""
        for is_second in (False, True):
            self._renew(is_second)
            answer = self.caller.ask(Asked(method, url, self._proof(method), body, may_repeat))
            if answer.status != 401:
                return answer
            if self.oauth is None or is_second:
                break
        raise SourceFailed(
            "服务器不认我们的凭据（401）：看看口令、令牌和签名的设置",
            "the server does not accept who we say we are (401): look at the secret",
        )

    def greet(self, url: str) -> None:
        """See whether the server is there and knows us. Raises SourceFailed."""
        self._renew(False)
        headers = self._proof("GET")(reach_url(url, self.caller.around, self.caller.lookup), b"")
        self.caller.knock(url, headers)

    def _proof(self, method: str) -> Any:
        def sign(target: Target, body: bytes) -> Mapping[str, str]:
            clock, made = self.caller.clock, dict(self.headers)
            if body:
                made["Content-Type"] = "application/json"
            if self._token is not None:
                made["Authorization"] = f"Bearer {self._token}"
            if self.signature is not None:
                made |= signed_headers(self.signature, method, target.path, target.query, body, clock.seconds(), clock.nonce)
            return made

        return sign

    def _renew(self, is_refused: bool) -> None:
        if self.oauth is None or (self._token is not None and not is_refused and self.caller.clock.steady() < self._good_until):
            return
        form = {"grant_type": "client_credentials", "client_id": self.oauth.client_id, "client_secret": self.oauth.client_secret}
        if self.oauth.scope is not None:
            form["scope"] = self.oauth.scope
        sent = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.caller.ask(Asked("POST", self.oauth.token_url, lambda target, body: sent, urlencode(form).encode()))
        if answer.status == 401:
            raise SourceFailed("令牌地址不认客户端和密钥", "the address of tokens does not accept the client and its secret")
        given = document_of(answer)
        token = at(given, "/access_token")
        if is_missing(token) or not isinstance(token, str) or not token:
            raise SourceFailed("令牌地址的应答里没有 access_token", "the answer of the address of tokens has no access_token")
        lasts = at(given, "/expires_in")
        seconds = float(lasts) if isinstance(lasts, int | float) and not isinstance(lasts, bool) else 300.0
        self._token, self._good_until = token, self.caller.clock.steady() + max(1.0, seconds - _EARLY)


def encoded(parameters: Mapping[str, Any]) -> bytes:
    """Parameters as a JSON body."""
    return msgspec.json.encode(parameters)
