"""Databases that compute, one file each; the contract is engine/warehouse.py (数仓)."""
