// error: use of deleted function
#include "millrace/flow/accumulator.hpp"

#ifdef MILLRACE_WRONG_FRACTION
void count(const millrace::accumulator<int>& sum) { sum.add(0.5); }
#elif defined(MILLRACE_WRONG_SUM)
void count(const millrace::accumulator<int>& sum) { sum += 0.5; }
#else
void count(const millrace::accumulator<int>& sum) { sum += 1; }
#endif
void weigh(const millrace::accumulator<double>& sum) { sum += 0.5; }
