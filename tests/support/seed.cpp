#include "support/seed.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>

namespace millrace::test {

namespace {

std::optional<std::uint64_t> chosen_seed;

std::uint64_t choose_seed() {
  if (chosen_seed)
    return *chosen_seed;
  if (const char* text = std::getenv("MILLRACE_SEED")) {
    std::uint64_t value = 0;
    const char* end = text + std::strlen(text);
    auto [rest, code] = std::from_chars(text, end, value);
    if (code == std::errc{} && rest == end && rest != text)
      return value;
    std::fprintf(stderr, "MILLRACE_SEED: '%s' is not a number from 0 to 2^64-1\n", text);
    std::exit(2);
  }
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

} // namespace

std::uint64_t seed() {
  static const std::uint64_t value = [] {
    auto chosen = choose_seed();
    std::printf("seed=%llu\n", static_cast<unsigned long long>(chosen));
    std::fflush(stdout);
    return chosen;
  }();
  return value;
}

void set_seed(std::uint64_t value) { chosen_seed = value; }

} // namespace millrace::test
