"""Given rows, ask, compare: the proofs that stand beside the definitions (验证)."""
