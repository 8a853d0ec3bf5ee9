#!/usr/bin/env bash
# Checks that clang-format-16 would change nothing: format.sh [ROOT]
set -euo pipefail

root=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
cd "$root"
mapfile -d '' files < <(find . -path ./build -prune -o -path ./.git -prune -o \
  -type f \( -name '*.hpp' -o -name '*.cpp' \) -print0 | sort -z)
problems=0
for file in "${files[@]}"; do
  if ! clang-format-16 --dry-run -Werror "$file" 2>/dev/null; then
    echo "${file#./}: not formatted; run clang-format-16 -i on it"
    problems=$((problems + 1))
  fi
done
echo "format: ${#files[@]} file(s), $problems problem(s)"
((problems == 0))
