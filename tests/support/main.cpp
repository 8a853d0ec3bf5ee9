#define DOCTEST_CONFIG_IMPLEMENT
#include "support/seed.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

/// How many test cases the filters of this run let through.
unsigned chosen_cases = 0;

struct case_counter final : doctest::IReporter {
  explicit case_counter(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override { chosen_cases = 1; }
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& run) override {
    chosen_cases = run.numTestCasesPassingFilters;
  }
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

DOCTEST_REGISTER_LISTENER("case_counter", 1, case_counter);

} // namespace

/// Takes `--seed N` for itself and hands everything else to doctest. A run that its filters leave
/// nothing of has failed.
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
  const int failed = context.run();
  if (chosen_cases == 0 && context.shouldExit() == false) {
    std::fprintf(stderr, "no test case has been chosen by these filters\n");
    return 1;
  }
  return failed;
}
