#!/usr/bin/env bash
# Checks all shell scripts with shellcheck, where it is installed: shell.sh [ROOT]
set -euo pipefail

root=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
cd "$root"
if ! command -v shellcheck >/dev/null; then
  echo "shell: skipped, shellcheck is not installed"
  exit 0
fi
mapfile -d '' files < <(find . -path ./build -prune -o -path ./.git -prune -o -type f -name '*.sh' -print0 | sort -z)
if [[ -f .ci/run ]]; then
  files+=(.ci/run)
fi
if ((${#files[@]} == 0)); then
  echo "shell: no scripts"
  exit 0
fi
if shellcheck -x "${files[@]}"; then
  echo "shell: ${#files[@]} script(s), 0 problem(s)"
else
  echo "shell: problems found, see above"
  exit 1
fi
