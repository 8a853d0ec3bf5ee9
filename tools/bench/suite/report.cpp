#include "suite/report.hpp"

#include <cmath>
#include <iostream>

#include <nlohmann/json.hpp>

namespace millrace::bench {

namespace {

/// Four digits after the point: beyond that a figure says nothing.
double rounded(double value) { return std::round(value * 1e4) / 1e4; }

} // namespace

void report::add(const std::string& name, double ours, double yardstick, std::string_view unit) {
  nlohmann::ordered_json line;
  line["name"] = name;
  line["ours"] = rounded(ours);
  line["yardstick"] = rounded(yardstick);
  line["ratio"] = yardstick == 0 ? 0.0 : rounded(ours / yardstick);
  line["unit"] = unit;
  std::cout << line.dump() << std::endl;
}

void report::check_equal(std::string_view name, std::uint64_t ours, std::uint64_t yardstick) {
  if (ours != yardstick)
    throw wrong_answer{std::string{name} + ": ours gives " + std::to_string(ours) +
                       ", the yardstick " + std::to_string(yardstick)};
}

} // namespace millrace::bench
