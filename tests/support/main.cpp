#define DOCTEST_CONFIG_IMPLEMENT
#include "support/seed.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

/// Takes `--seed N` for itself and hands everything else to doctest.
int main(int argc, char** argv) {
  std::vector<char*> rest;
  for (int i = 0; i < argc; ++i) {
    if (std::string_view{argv[i]} != "--seed") {
      rest.push_back(argv[i]);
      continue;
    }
    const char* text = i + 1 < argc ? argv[++i] : "";
    const char* end = text + std::strlen(text);
    std::uint64_t value = 0;
    auto [stop, code] = std::from_chars(text, end, value);
    if (code != std::errc{} || stop != end || text == end) {
      std::fprintf(stderr, "--seed: '%s' is not a number from 0 to 2^64-1\n", text);
      return 2;
    }
    millrace::test::set_seed(value);
  }
  doctest::Context context(static_cast<int>(rest.size()), rest.data());
  return context.run();
}
