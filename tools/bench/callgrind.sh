#!/usr/bin/env bash
# Counts the instructions of b1 and b13 at a fixed input and compares them with callgrind_baseline.json:
#   callgrind.sh [--record] [BENCH]
# BENCH is the benchmark program of a Release build, by default build/release/bin/bench. Fails when a count is more than
# 5 % above its baseline; --record writes the counts as the new baseline instead. Needs valgrind and python3.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
baseline="$here/callgrind_baseline.json"
record=no
if [[ ${1:-} == --record ]]; then
  record=yes
  shift
fi
bench=${1:-$root/build/release/bin/bench}
[[ -x $bench ]] || { echo "callgrind: there is no program $bench" >&2; exit 2; }

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Valgrind has no AVX-512, so that every machine with AVX2 counts the same kernels.
count() {
  valgrind --tool=callgrind --callgrind-out-file="$out/$1" --collect-atstart=no \
    --toggle-collect=millrace_bench_fixed_work "$bench" --fixed "$1" >"$out/log" 2>&1 ||
    { cat "$out/log" >&2; exit 1; }
  sed -n 's/^summary: *\([0-9]*\).*/\1/p' "$out/$1"
}

b1=$(count b1)
b13=$(count b13)

python3 - "$baseline" "$record" "b1=$b1" "b13=$b13" <<'EOF'
import json
import sys

path, record, *counts = sys.argv[1:]
counts = {name: int(count) for name, count in (c.split("=") for c in counts)}
if record == "yes":
    with open(path, "w") as out:
        out.write(json.dumps(counts, indent=2) + "\n")
    print(f"callgrind: recorded {counts}")
    sys.exit(0)
with open(path) as before:
    baseline = json.load(before)
worse = False
for name, count in counts.items():
    change = 100 * (count / baseline[name] - 1)
    too_many = change > 5
    worse = worse or too_many
    print(f"{name}: {count} instructions, baseline {baseline[name]}, {change:+.2f} %{' TOO MANY' if too_many else ''}")
sys.exit(1 if worse else 0)
EOF
