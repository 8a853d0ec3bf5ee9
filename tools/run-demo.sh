#!/usr/bin/env bash
# Shows Millrace at work: builds it, starts a text source on a free port of this machine, and counts the words that
# it sends for ten seconds. Takes no arguments.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
tools/install-deps.sh

logs=$root/build/release/logs
bin=$root/build/release/bin
mkdir -p "$logs"
echo "run-demo: building (log in $logs/demo-build.log)"
{
  cmake --preset release
  cmake --build --preset release -j "${JOBS:-$(nproc)}" --target millrace network_word_count
} >"$logs/demo-build.log" 2>&1 || {
  tail -40 "$logs/demo-build.log" >&2
  exit 1
}

loadgen_log=$logs/demo-loadgen.log
: >"$loadgen_log"
"$bin/millrace" loadgen text --listen 127.0.0.1:0 --rate 20000 >"$loadgen_log" 2>&1 &
loadgen=$!
stop_loadgen() {
  kill "$loadgen" 2>/dev/null || true
  wait "$loadgen" 2>/dev/null || true
}
trap stop_loadgen EXIT

# The source names its port in its first line: "listening on 127.0.0.1:PORT".
port=
for ((i = 0; i < 100; i++)); do
  port=$(sed -n 's/^listening on 127\.0\.0\.1:\([0-9][0-9]*\).*/\1/p' "$loadgen_log")
  if [[ -n $port ]] || ! kill -0 "$loadgen" 2>/dev/null; then
    break
  fi
  sleep 0.1
done
if [[ -z $port ]]; then
  echo "run-demo: the text source did not start:" >&2
  cat "$loadgen_log" >&2
  exit 1
fi

echo "run-demo: network_word_count 127.0.0.1 $port --run-for 10s"
"$bin/network_word_count" 127.0.0.1 "$port" --run-for 10s
stop_loadgen
echo "run-demo: the source says:"
tail -n 3 "$loadgen_log"
