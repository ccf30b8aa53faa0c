"""How connectors go out of the house: which hosts, by which address, with which proof of who asks (对外连接)."""
