"""The one place that says which host may be reached, so that a definition cannot lead the platform to where only it can go."""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from engine.connector import SourceFailed, Surroundings

Lookup = Callable[[str, int], list[str]]  # the addresses of a name
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*", re.ASCII)
_NUMBER = re.compile(r"([0-9]+|0x[0-9a-f]*)", re.ASCII)
_USUAL_PORTS = {"http": 80, "https": 443}
# Where clouds tell a machine its own keys. Whoever lists such a host is refused all the same: no city's rows are there.
_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "168.63.129.16")))
# IPv6 addresses that carry an IPv4 address inside, which a router or the kernel may take out again.
_WRAPPING = tuple(map(ipaddress.ip_network, ("::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


class Way(Struct, frozen=True):
    """A host that may be reached and was looked up once (通路): connections go to `address`; `host` is its name in TLS and headers."""

    host: str
    port: int
    address: str


class Target(Struct, frozen=True):
    """What a URL leads to (目标): its way, and what is asked there."""

    scheme: str
    way: Way
    path: str
    query: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, as they are compared."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        """The host as headers name it."""
        return _netloc(self.scheme, self.way.host, self.way.port)

    @property
    def connect_to(self) -> str:
        """The URL with the address in the place of the name."""
        return f"{self.scheme}://{_netloc(self.scheme, self.way.address, self.way.port)}{self.path}{'?' if self.query else ''}{self.query}"


def look_up(name: str, port: int) -> list[str]:
    """The addresses of a name, as this machine resolves it. Raises OSError."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def reach(host: str, port: int, around: Surroundings, lookup: Lookup = look_up) -> Way:
    """The way to a host that the administrator allows. Raises SourceFailed for any other, however it is written.

    `around.hosts` lists what may be reached: a name, an address, either with `:port`, a network (10.1.0.0/16), `*.name`. A name is
    looked up once, here, and every address it has must do: this machine itself only where its address, or `localhost`, is
    listed; link-local, multicast, unspecified, reserved addresses and those of a cloud's own keys never.
    """
    name = _plain(host)
    if not 1 <= port <= 65535:
        raise SourceFailed(f"端口 {port} 不在 1 到 65535 之间", f"port {port} is not between 1 and 65535")
    if around.hosts is not None and not _is_listed(name, port, around.hosts):
        raise SourceFailed(
            f"主机「{name}」不在允许连接的名单里；请管理员加到 CHENGMAI_HOSTS",
            f"the host '{name}' is not on the list of hosts that may be reached; an administrator adds it to CHENGMAI_HOSTS",
        )
    literal = _address(name)
    try:
        addresses = [name] if literal is not None else lookup(name, port)
    except (OSError, UnicodeError):
        addresses = []
    if not addresses:
        raise SourceFailed(f"找不到主机「{name}」的地址", f"the host '{name}' has no address: no such name is known here")
    for address in addresses:
        _refuse_address(name, address, around.hosts or frozenset())
    return Way(name, port, addresses[0])


def reach_url(url: str, around: Surroundings, lookup: Lookup = look_up, schemes: Iterable[str] = ("http", "https")) -> Target:
    """What a URL leads to, once its host is allowed. Raises SourceFailed for other schemes, user names in it, signs that hide a host."""
    if any(sign <= " " or sign in "\\\x7f" for sign in url):
        raise SourceFailed("网址里有空格、反斜杠或控制字符", "the address has a space, a backslash or a control character in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SourceFailed("网址写得不对", "the address is not written as an address is") from None
    if parts.scheme not in schemes:
        raise SourceFailed(
            f"不允许「{parts.scheme or '没有写协议'}」开头的网址；可用：{'、'.join(schemes)}",
            f"addresses that begin with '{parts.scheme}:' are not allowed; there are {', '.join(schemes)}",
        )
    _refuse_user(parts)
    chosen = port if port is not None else _USUAL_PORTS.get(parts.scheme, 0)
    return Target(parts.scheme, reach(parts.hostname or "", chosen, around, lookup), parts.path or "/", parts.query)


def _refuse_user(parts: SplitResult) -> None:
    if "@" in parts.netloc or not parts.hostname or "%" in parts.netloc:
        raise SourceFailed(
            "网址的主机部分只能是主机名和端口，不能带用户名、口令或百分号",
            "the host of an address is a name and a port: no user, no password, no percent sign",
        )


def _plain(host: str) -> str:
    """The host in lower case without a dot at its end. Raises SourceFailed when it is neither a name nor an address in its one usual form."""
    name = host.lower().removesuffix(".") if host.isascii() else host
    last = name.rpartition(".")[2]
    is_number = _NUMBER.fullmatch(last) is not None  # 2130706433, 0x7f.1, 127.1, 0177.0.0.1: libraries read these as addresses
    literal = _address(name)
    fits = str(literal) == name or (isinstance(literal, ipaddress.IPv6Address) and "%" not in name) if literal else None
    if fits is False or (literal is None and (is_number or _NAME.fullmatch(name) is None)):
        raise SourceFailed(
            f"「{host[:80]}」不是主机名，也不是通常写法的地址",
            f"'{host[:80]}' is neither the name of a host nor an address in its usual form",
        )
    return str(literal) if literal else name


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_listed(name: str, port: int, hosts: frozenset[str]) -> bool:
    literal = _address(name)
    for entry in hosts:
        wanted, wanted_port = _entry(entry)
        if wanted_port is not None and wanted_port != port:
            continue
        if wanted == name or (wanted.startswith("*.") and name.endswith(wanted[1:]) and literal is None):
            return True
        if literal is not None and "/" in wanted and _is_inside(literal, wanted):
            return True
    return False


def _entry(entry: str) -> tuple[str, int | None]:
    """An entry of the list as name, address or network, and its port."""
    text = entry.strip().lower().removesuffix(".")
    if bracketed := re.fullmatch(r"\[(.+)\](?::(\d+))?", text):
        return str(_address(bracketed[1]) or bracketed[1]), int(bracketed[2]) if bracketed[2] else None
    name, colon, port = text.rpartition(":")
    if colon and ":" not in name and port.isdecimal():
        return name, int(port)
    return str(_address(text) or text), None


def _is_inside(address: Address, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network)
    except ValueError:
        return False


def _refuse_address(name: str, text: str, hosts: frozenset[str]) -> None:
    address = _address(text)
    if address is None:
        raise SourceFailed(f"主机「{name}」的地址看不懂", f"the address of the host '{name}' is not understood")
    if (
        isinstance(address, ipaddress.IPv6Address)
        and address != ipaddress.IPv6Address("::1")
        and any(address in network for network in _WRAPPING)
    ):
        raise _forbidden(name, text, "里面包着另一个地址", "wraps another address")
    if address in _METADATA:
        raise _forbidden(name, text, "是云主机的元数据地址", "is where a cloud keeps a machine's keys")
    if address.is_loopback:
        entries = {_entry(one)[0] for one in hosts}
        if not ({str(address)} & entries or (name == "localhost" and name in entries)):
            raise _forbidden(name, text, "是本机，名单里没有写明", "is this machine itself, which the list does not name")
    elif address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        raise _forbidden(name, text, "是链路本地、组播、未指定或保留地址", "is link-local, multicast, unspecified or reserved")
    elif address in ipaddress.ip_network("0.0.0.0/8") or str(address) == "255.255.255.255":
        raise _forbidden(name, text, "不是一台主机的地址", "is no host's address")


def _forbidden(name: str, address: str, zh: str, en: str) -> SourceFailed:
    called = "" if name == address else f"「{name}」"
    return SourceFailed(f"不允许连接主机{called}：地址 {address} {zh}", f"the host '{name}' may not be reached: {address} {en}")


def _netloc(scheme: str, host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if _USUAL_PORTS.get(scheme) == port else f"{name}:{port}"
