// expect: check, require or fail is a macro: #undef it before walt's headers
#define check(condition) ((void)(condition))
#include <walt/walt.hpp>
int main() {}
