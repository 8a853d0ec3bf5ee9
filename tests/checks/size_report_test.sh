#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR source=planted_tree.sh
source "$(dirname "${BASH_SOURCE[0]}")/planted_tree.sh"

# lines N TEXT: N lines of TEXT.
lines() {
  for ((i = 0; i < $1; i++)); do echo "$2"; done
}

good_tree
passes size_report.py

# Bounds: what is exactly at the limit passes, one more fails.
lines 500 '// filler' | plant libstream/millrace/base/long.cpp
passes size_report.py
lines 501 '// filler' | plant libstream/millrace/base/long.cpp
fails size_report.py "libstream/millrace/base/long.cpp:1: file has 501 lines, at most 500 are allowed"

good_tree
{ echo 'int f() {'; lines 68 '  work();'; echo '}'; } | plant actors/millrace/actors/long.cpp
passes size_report.py
{ echo 'int f() {'; lines 69 '  work();'; echo '}'; } | plant actors/millrace/actors/long.cpp
fails size_report.py "actors/millrace/actors/long.cpp:1: function has 71 lines, at most 70 are allowed: int f()"

# Function heads that are easily taken for something else.
for head in 'template <class T> requires std::integral<T> void f(T t) noexcept {' \
  'thing::thing(int a) : base{a}, value_{a, {1}} {' 'auto f() -> std::vector<int> {' \
  'TEST_CASE("a { brace in a string") {' 'const auto f = [](int a = 3) {' 'bool operator==(a, b) {'; do
  good_tree
  { echo 'namespace n {'; echo "$head"; lines 70 '  { work("}"); }'; echo '}'; echo '}'; } | plant apps/long.cpp
  fails size_report.py "apps/long.cpp:2: function has 72 lines"
done

# Long, but no function: a class of short functions, an enum, a table; braces in literals and comments.
good_tree
{ echo 'template <class T> class c final : public b<T> {'; echo ' public:'; lines 90 '  int g() { return 1; }'; echo '};'; } |
  plant libstream/millrace/base/class.hpp
{ echo 'enum class e : int {'; lines 90 '  one,'; echo '};'; } | plant libstream/millrace/base/enum.hpp
{ echo 'constexpr int table[] = {'; lines 90 '  f(1),'; echo '};'; } | plant libstream/millrace/base/table.hpp
plant libstream/millrace/base/literals.cpp <<'END'
char f() { return '{'; }  // {
/* { */ int g() { return 1'000 + 0x1'f; }
auto r = R"x({ " )" {)x";
const char* s = "\"{";
#define OPEN {
END
passes size_report.py

good_tree
plant tools/odd.cpp <<<'void f() { if (x) {'
fails size_report.py "tools/odd.cpp: cannot follow the braces"

# A hint does not fail. A header and its source are one idea.
good_tree
for ((n = 0; n < 24; n++)); do
  plant "libstream/millrace/op/op_$n.hpp" <<<'#pragma once'
  plant "libstream/millrace/op/op_$n.cpp" <<<'int x;'
done
passes size_report.py "0 problem(s), 0 hint(s)"
plant libstream/millrace/op/one_more.cpp <<<'int x;'
passes size_report.py "libstream/millrace/op: hint: folder has 25 ideas, over 24"
passes size_report.py "0 problem(s), 1 hint(s)"
