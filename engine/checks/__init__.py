"""Rules that find findings, one file each; the contract is engine/check.py (校验规则)."""
