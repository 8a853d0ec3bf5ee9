#!/usr/bin/env bash
# Runs every check of the sources: all.sh [ROOT]. Runs all of them even when one fails, then lists the failed ones.
# all.sh --times [BUILD_DIR] [--most N] checks nothing: it lists what a build has spent its time on.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ ${1:-} == --times ]]; then
  shift
  exec "$here/build_times.py" "$@"
fi
root=${1:-$(cd "$here/../.." && pwd)}
failed=()
for check in layers.py size_report.py format.sh shell.sh headers_alone.py; do
  "$here/$check" "$root" || failed+=("$check")
done
if ((${#failed[@]})); then
  echo "checks: failed: ${failed[*]}"
  exit 1
fi
echo "checks: all passed"
