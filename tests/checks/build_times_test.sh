#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR source=planted_tree.sh
source "$(dirname "${BASH_SOURCE[0]}")/planted_tree.sh"

good_tree
plant build/.ninja_log <<EOF
# ninja v5
0	1000	0	tests/CMakeFiles/test_state.dir/state/memory_test.cpp.o	c0ffee
0	90000	0	libstream/CMakeFiles/millrace_stream.dir/millrace/wal/log.cpp.o	c0ffee
0	41500	0	libstream/CMakeFiles/millrace_stream.dir/millrace/wal/log.cpp.o	c0ffee
1000	1250	0	bin/bench	c0ffee
EOF

# says LINE: the list must have this line.
says() {
  local output
  output=$("$checks/all.sh" --times "$tree/build" --most 2)
  if ! grep -qxF "$1" <<<"$output"; then
    printf 'the times must have "%s", but are:\n%s\n' "$1" "$output" >&2
    exit 1
  fi
}

says "    41.5 s  libstream"
says "     1.0 s  tests/state"
says "     0.2 s  links and the rest"
says "    42.8 s  in all, 3 step(s)"
says "    41.5 s  libstream/millrace/wal/log.cpp  over 40 s"
says "     1.0 s  tests/state/memory_test.cpp"

if output=$("$checks/all.sh" --times "$tree/nothing" 2>&1); then
  echo "a folder without a build must be refused, but is not: $output" >&2
  exit 1
fi
grep -q "nothing/.ninja_log does not exist" <<<"$output"
