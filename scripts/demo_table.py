#!/usr/bin/env python3
"""Prints scripts/demo's table from `tenfold bench --against ... --json` files; fails on a wrong output.

usage: demo_table.py BENCH.json ...
"""
import json
import sys

TOLERANCE = 1e-4  # of the largest difference from ONNX Runtime's output

runs = [json.load(open(path)) for path in sys.argv[1:]]
print(f"{runs[0]['cpu']}, {runs[0]['target']}\n")
print(f"{'threads':>7}  {'engine':<12}{'median ms':>10}{'p10':>9}{'p90':>9}{'load ms':>10}{'ratio':>8}  max difference")
worst = 0.0
for run in runs:
    for engine in run["engines"]:
        ratio = f"{engine['ratio']:.2f}x" if "ratio" in engine else ""
        difference = f"{engine['max_abs_difference']:.2g}" if "max_abs_difference" in engine else ""
        print(
            f"{run['threads']:>7}  {engine['engine']:<12}{engine['median_ms']:>10.2f}{engine['p10_ms']:>9.2f}"
            f"{engine['p90_ms']:>9.2f}{engine['load_ms']:>10.1f}{ratio:>8}  {difference}"
        )
        if engine["engine"] == "onnxruntime":
            worst = max(worst, engine["max_abs_difference"])
last = runs[-1]
print(
    f"\nload to first result {last['first_result_ms']:.1f} ms, library {last['library_bytes'] / 1e6:.2f} MB,"
    f" weights {last['weights_file_bytes'] / 1e6:.2f} MB, runtime {last['runtime_bytes'] / 1e6:.2f} MB,"
    f" peak memory {last['peak_rss_bytes'] / 1e6:.0f} MB, allocations after the first run {last['allocations']}"
)
print(f"largest difference from ONNX Runtime {worst:.3g} (allowed {TOLERANCE})")
if not worst <= TOLERANCE:
    sys.exit("demo: the output differs from ONNX Runtime's")
