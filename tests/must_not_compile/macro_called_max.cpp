// expect: min or max is a macro: define NOMINMAX before
#include <algorithm> // libstdc++ takes a macro of that name away, but not one that is defined later
#define max(a, b) ((a) > (b) ? (a) : (b))
#include <walt/walt.hpp>
int main() {}
