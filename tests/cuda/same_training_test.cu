// Twenty training steps on the CUDA device and on the CPU change every parameter alike.
#include "../catch.hpp"
#include "same_training.hpp"

#include <walt/cuda.cuh>
#include <walt/testing/relative_error.hpp>

namespace tests {
using namespace walt;

TEST_CASE("cuda: twenty steps change every parameter as on the CPU", "[cuda][trainer]") {
    walt::cuda::context ctx;
    const training_course mine = train_twenty_steps(ctx), theirs = train_on_cpu();
    REQUIRE(mine.before == theirs.before);
    const auto change = [](const training_course& of, std::size_t first, std::size_t count) {
        std::vector<double> by(count);
        for (std::size_t i = 0; i < count; ++i)
            by[i] = static_cast<double>(of.after[first + i]) - static_cast<double>(of.before[first + i]);
        return by;
    };
    double all = 0;
    for (const double by : change(theirs, 0, theirs.after.size())) all += by * by;
    REQUIRE(all > 0);
    for (const parameter_row& row : parameter_table<transformer<tiny>>()) {
        CAPTURE(row.name);
        CHECK(testing::relative_error(change(mine, row.offset, row.size).data(), change(theirs, row.offset, row.size),
                                      1e-3 * std::sqrt(all)) <= 1e-3);
    }
}

} // namespace tests
