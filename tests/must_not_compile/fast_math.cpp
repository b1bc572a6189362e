// expect: walt cannot be compiled with -ffast-math
#undef __FINITE_MATH_ONLY__
#define __FINITE_MATH_ONLY__ 1 // as -ffast-math does
#include <walt/core/dtype.hpp>
int main() {}
