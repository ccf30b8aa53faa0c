"""No spelling leads a connector to where only the platform can go, and every host of the administrator's list is reached."""

from datetime import datetime

import pytest

from connectors.outside.hosts import reach, reach_url
from engine.connector import SourceFailed, Surroundings

HTTP = "http:" + "//"  # apart, for no file of ours is to look as if it named a host
HTTPS = "https:" + "//"
NAMES = {
    "waste-db": ["10.20.0.7"],
    "waste.example.cn": ["203.0.113.9"],
    "localhost": ["127.0.0.1", "::1"],
    "rebound.example.cn": ["127.0.0.1"],
    "half.example.cn": ["203.0.113.9", "169.254.169.254"],
    "six.example.cn": ["2001:db8::9"],
    "wrapped.example.cn": ["::ffff:127.0.0.1"],
    "metadata.example.cn": ["100.100.100.200"],
    "link.example.cn": ["fe80::1"],
    "nothing.example.cn": [],
}


def lookup(name: str, port: int) -> list[str]:
    """The test's own list of names: the network comes in as an argument."""
    if name not in NAMES:
        raise OSError(name)
    return NAMES[name]


def around(*hosts: str, any_host: bool = False) -> Surroundings:
    return Surroundings(now=datetime(2026, 1, 5), hosts=None if any_host else frozenset(hosts))


# Each is refused though the list were empty of limits: `any_host`.
FORBIDDEN = """
127.0.0.1 127.0.0.2 127.255.255.254 127.1 127.0.1 2130706433 017700000001 0x7f000001 0x7f.0.0.1 0x7f.1 0177.0.0.1 0177.1 127.0.0.01 127.00.0.1
127.0.0.1. 127.0.0.0x1 0 0.0.0.0 0.0.0.1 0.1.2.3 00.0.0.0 ::1 ::  0:0:0:0:0:0:0:1 0000:0000:0000:0000:0000:0000:0000:0001 ::ffff:127.0.0.1
::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::127.0.0.1 ::7f00:1 64:ff9b::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 2002:7f00:1::
2002:7f00:0001::1 2001:0:7f00:1:: 169.254.169.254 169.254.0.1 169.254.255.255 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 169.16689662
fd00:ec2::254 100.100.100.200 168.63.129.16 192.0.0.192 fe80::1 fe80::1%eth0 fe80::1%25eth0 febf::1 ff02::1 ff05::1:3 224.0.0.1 239.255.255.250 232.1.1.1
255.255.255.255 4294967295 240.0.0.1 250.1.2.3 0xffffffff 1 1.2 1.2.3 1.2.3.4.5 256.1.1.1 1.2.3.256 1.2.3.-4 0x 0x. 10.0.0.0x7 010.020.0.7
localhost rebound.example.cn half.example.cn wrapped.example.cn metadata.example.cn link.example.cn nothing.example.cn unknown.example.cn
１２７.0.0.1 127。0。0。1 ①②⑦.0.0.1 ʟocalhost localhost%00 local_host% -waste waste- .waste waste..db waste.example.cn:80 user@waste-db
waste-db/x waste-db?x waste-db#x waste\\db [::1] [127.0.0.1 [] @ * *.example.cn 10.0.0.0/8 waste-db,localhost file:///etc /run/postgresql
""".split()


@pytest.mark.parametrize("host", [*FORBIDDEN, "", " ", "waste db", "waste-db\n", "waste\0db", "a" * 64, "a." * 130 + "cn"])
def test_a_hostile_host_is_refused_even_where_every_host_is_allowed(host: str) -> None:
    with pytest.raises(SourceFailed) as failure:
        reach(host, 443, around(any_host=True), lookup)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in failure.value.zh) and failure.value.en


def test_there_are_enough_hostile_hosts() -> None:
    assert len(set(FORBIDDEN)) >= 80


NEVER = [
    "169.254.169.254",
    "100.100.100.200",
    "fe80::1",
    "224.0.0.1",
    "0.0.0.0",
    "::",
    "::ffff:127.0.0.1",
    "255.255.255.255",
    "fd00:ec2::254",
]


@pytest.mark.parametrize("host", NEVER)
def test_what_is_no_source_of_rows_is_refused_even_when_it_is_listed(host: str) -> None:
    with pytest.raises(SourceFailed):
        reach(host, 80, around(host), lookup)


@pytest.mark.parametrize(
    ("host", "entry", "address"),
    [
        ("waste-db", "waste-db", "10.20.0.7"),
        ("WASTE-DB", "waste-db", "10.20.0.7"),
        ("waste-db.", "Waste-DB", "10.20.0.7"),
        ("waste-db", "waste-db:443", "10.20.0.7"),
        ("waste.example.cn", "*.example.cn", "203.0.113.9"),
        ("six.example.cn", "six.example.cn", "2001:db8::9"),
        ("10.20.0.7", "10.20.0.7", "10.20.0.7"),
        ("10.20.0.7", "10.20.0.0/16", "10.20.0.7"),
        ("10.20.0.7", "10.20.0.7:443", "10.20.0.7"),
        ("192.168.1.20", "192.168.0.0/16", "192.168.1.20"),
        ("2001:db8::9", "2001:0db8:0::9", "2001:db8::9"),
        ("2001:db8::9", "[2001:db8::9]:443", "2001:db8::9"),
        ("2001:DB8:0:0::9", "2001:db8::/32", "2001:db8::9"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost", "127.0.0.1"),
        ("rebound.example.cn", "rebound.example.cn 127.0.0.1", "127.0.0.1"),
        ("::1", "::1", "::1"),
    ],
)
def test_a_listed_host_is_reached_at_the_address_that_was_looked_up(host: str, entry: str, address: str) -> None:
    assert reach(host, 443, around(*entry.split()), lookup).address == address


@pytest.mark.parametrize(
    ("host", "entry"),
    [
        ("waste.example.cn", ""),
        ("waste.example.cn", "waste-db"),
        ("waste.example.cn", "example.cn"),
        ("waste.example.cn", "waste.example.cn:8443"),
        ("badexample.cn", "*.example.cn"),
        ("example.cn", "*.example.cn"),
        ("10.21.0.7", "10.20.0.0/16"),
        ("waste-db", "10.20.0.0/16"),  # a name is listed as a name: who answers for the name may change its address
        ("waste-db.example.cn.evil.cn", "*.example.cn"),
    ],
)
def test_a_host_that_is_not_listed_is_refused_with_the_way_to_list_it(host: str, entry: str) -> None:
    with pytest.raises(SourceFailed, match=r"not on the list .* CHENGMAI_HOSTS"):
        reach(host, 443, around(*filter(None, [entry])), lookup)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://waste-db:70/x", "ftp://waste-db/x", "dict://waste-db:11211/", "ldap://waste-db", "jar:http://waste-db!/",
        "//waste-db/x", "waste-db/x", "", "http:", "http://", HTTP + "/x", HTTP + "@waste-db", HTTP + "a@waste-db", HTTP + "a:b@waste-db/",
        HTTP + "waste-db@127.0.0.1/", HTTP + "127.0.0.1#@waste-db/", HTTP + "127.0.0.1\\@waste-db/", HTTP + "waste-db\\.evil.cn/", HTTP + "waste-db:99999/",
        HTTP + "waste-db:0/", HTTP + "waste-db:-1/", HTTP + "waste-db:8 0/", HTTP + "waste-db:x/", HTTP + "waste-db\t/", HTTP + "waste-db\r\nHost: x/",
        HTTP + "waste%2ddb/", HTTP + "[::1/", HTTP + "[::ffff:127.0.0.1]/", HTTP + "[fe80::1%25eth0]/", HTTP + "2130706433/", HTTP + "0x7f.1/", HTTP + "127.1/",
        "javascript:alert(1)", "data:text/plain,x", "HTTP+UNIX://waste-db", HTTP + "１２７.0.0.1/",
    ],
)  # fmt: skip
def test_an_address_that_hides_where_it_leads_is_refused(url: str) -> None:
    with pytest.raises(SourceFailed):
        reach_url(url, around(any_host=True), lookup)


@pytest.mark.parametrize(
    ("url", "origin", "connect_to"),
    [
        (HTTP + "waste-db", HTTP + "waste-db", HTTP + "10.20.0.7/"),
        ("HTTPS://Waste.Example.CN:8443/a/b?c=%20d", HTTPS + "waste.example.cn:8443", HTTPS + "203.0.113.9:8443/a/b?c=%20d"),
        (HTTPS + "six.example.cn:443/x", HTTPS + "six.example.cn", HTTPS + "[2001:db8::9]/x"),
        (HTTP + "[2001:db8::9]:8080/x", HTTP + "[2001:db8::9]:8080", HTTP + "[2001:db8::9]:8080/x"),
        (HTTP + "10.20.0.7:80/@x", HTTP + "10.20.0.7", HTTP + "10.20.0.7/@x"),
        (HTTP + "waste-db/%E6%B8%85%E8%BF%90", HTTP + "waste-db", HTTP + "10.20.0.7/%E6%B8%85%E8%BF%90"),
    ],
)
def test_an_honest_address_keeps_its_name_and_is_connected_to_by_number(url: str, origin: str, connect_to: str) -> None:
    target = reach_url(url, around(any_host=True), lookup)
    assert (target.origin, target.connect_to) == (origin, connect_to)


def test_a_name_is_looked_up_once_so_that_it_cannot_lead_elsewhere_afterwards() -> None:
    asked: list[str] = []

    def changing(name: str, port: int) -> list[str]:
        asked.append(name)
        return ["203.0.113.9"] if len(asked) == 1 else ["127.0.0.1"]

    assert reach_url(HTTP + "waste.example.cn/", around(any_host=True), changing).connect_to == HTTP + "203.0.113.9/"
    assert asked == ["waste.example.cn"]
