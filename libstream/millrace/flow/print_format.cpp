#include "millrace/flow/print_format.hpp"

#include <cerrno>
#include <charconv>
#include <system_error>

namespace millrace {

namespace detail {

namespace {

template <class Float>
void shortest(std::string& to, Float value) {
  char text[64];
  auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  std::string_view digits{text, static_cast<std::size_t>(end - text)};
  to += digits;
  if (digits.find_first_not_of("-0123456789") == std::string_view::npos)
    to += ".0";
}

} // namespace

void format_floating(std::string& to, double value) { shortest(to, value); }

void format_floating(std::string& to, float value) { shortest(to, value); }

} // namespace detail

std::string format_batch(std::int64_t time_ms, const std::vector<std::string>& elements,
                         bool more) {
  const std::string rule(43, '-');
  std::string out = rule + "\nTime: " + std::to_string(time_ms) + " ms\n" + rule + "\n";
  for (auto& element : elements)
    out += element + "\n";
  if (more)
    out += "...\n";
  return out + "\n";
}

result<void> write_batch(std::ostream& to, const std::string& text) {
  errno = 0;
  to << text << std::flush;
  if (to)
    return {};
  const int why = errno;
  to.clear();
  return fail(errc::io_error, "the stream that it writes to failed" +
                                  (why == 0 ? "" : ": " + std::generic_category().message(why)));
}

} // namespace millrace
