#include "millrace/codec/type_name.hpp"

#include <map>

#include <doctest/doctest.h>

namespace app {

struct point {
  int x = 0;
};

template <class T>
struct box {};

struct renamed {};

} // namespace app

template <>
struct millrace::type_name<app::renamed> {
  static std::string get() { return "app::old"; }
};

namespace {

using namespace millrace;

TEST_CASE("types that are encoded in one way have one name") {
  CHECK(type_name_of<int>() == "i32");
  CHECK(type_name_of<const unsigned char>() == "u8");
  CHECK(type_name_of<long long>() == type_name_of<std::int64_t>());
  CHECK(type_name_of<bool>() == "bool");
  CHECK(type_name_of<float>() == "f32");
  CHECK(type_name_of<double>() == "f64");
  CHECK(type_name_of<std::string>() == "text");
  CHECK(type_name_of<std::string_view>() == "text");
  CHECK(type_name_of<bytes>() == "bytes");
  CHECK(type_name_of<std::pair<std::string_view, std::int64_t>>() == "(text,i64)");
  CHECK(type_name_of<std::tuple<std::string, std::int64_t>>() == "(text,i64)");
  CHECK(type_name_of<std::tuple<>>() == "()");
  CHECK(type_name_of<std::optional<std::vector<int>>>() == "[i32]?");
  CHECK(type_name_of<std::map<std::string, std::pair<int, double>>>() == "{text:(i32,f64)}");
}

TEST_CASE("own types go by their name in the source, or by the one they are given") {
  CHECK(type_name_of<app::point>() == "app::point");
  CHECK(type_name_of<app::box<app::point>>() == "app::box<app::point>");
  CHECK(type_name_of<std::vector<app::point>>() == "[app::point]");
  CHECK(type_name_of<app::renamed>() == "app::old");
}

} // namespace
