// expect: a_sentence_needs_one_place_for_each_part
#include <walt/core/error.hpp>

int main() { walt::fail("{} and {}", 1); }
