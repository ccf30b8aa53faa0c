"""Code that reads a source, one file each; the contract is engine/connector.py (连接器)."""
