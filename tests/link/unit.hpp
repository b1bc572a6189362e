// What the two units of this test offer: the same functions, compiled for two instruction sets.
#pragma once

#include <cstdint>
#include <vector>

/// Every number, as its bits, that ops of the cpu device in float and bf16 and of the reference write in this unit.
std::vector<std::uint32_t> plain_results();
std::vector<std::uint32_t> native_results();
