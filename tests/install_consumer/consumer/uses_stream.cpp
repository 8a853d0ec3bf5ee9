#include <iostream>

#include <millrace/base/time.hpp>

int main() { std::cout << to_string(millrace::seconds(2) * 3) << '\n'; }
