#include "millrace/plan/stable_hash.hpp"

#include <doctest/doctest.h>

using millrace::stable_hash;

TEST_CASE("values that may never change") {
  CHECK(stable_hash{}.value() == 0xcbf29ce484222325ULL);
  CHECK(stable_hash{}.add("").value() == 0xa8c7f832281a39c5ULL);
  CHECK(stable_hash{}.add("map").value() == 0xe5695fd266a48b80ULL);
  CHECK(stable_hash{}.add(std::uint64_t{0x0102030405060708ULL}).value() == 0x0c6d4496e17859d5ULL);
}

TEST_CASE("texts are told apart from their concatenation") {
  CHECK(stable_hash{}.add("ab").add("c").value() != stable_hash{}.add("a").add("bc").value());
  CHECK(stable_hash{}.add("a").value() != stable_hash{}.add("a").add("").value());
}
