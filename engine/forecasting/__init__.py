"""What operators forecast with: series, candidates, rolling origins, intervals, coherent levels (预测)."""
