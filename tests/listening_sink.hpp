// A sink of gradients that keeps what they were each time it was told that a part's are complete.
#pragma once

#include <walt/core/weights.hpp>

#include <cstddef>
#include <vector>

namespace walt::testing {

struct listening : gradients<double> {
    struct call {
        int part = 0;
        std::vector<double> seen;
    };
    std::size_t extent = 0; ///< of the gradients
    std::vector<call>* calls = nullptr;
    void ready(int i) const { calls->push_back({i, std::vector<double>(data, data + extent)}); }
};

} // namespace walt::testing
