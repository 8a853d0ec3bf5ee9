#include <iostream>

#include <millrace/base/time.hpp>
#if __has_include(<millrace/millrace.hpp>)
#include <millrace/millrace.hpp>
#endif

int main() { std::cout << to_string(millrace::seconds(2) * 3) << '\n'; }
