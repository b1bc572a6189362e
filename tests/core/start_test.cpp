// Starting values are a function of seed, name and element, whatever number of threads draws them.
#include "../catch.hpp"

#include <walt/core/start.hpp>

using namespace walt;

namespace {

struct three {
    parameter<role::matrix, init::xavier, 300, 1000> uniform; // more than one thread's piece, and not a multiple of it
    parameter<role::matrix, init::truncated, 257, 513> truncated;
    parameter<role::norm, init::one, 70000> ones;
    static constexpr void each(auto& self, auto&& visit) {
        visit("uniform", self.uniform);
        visit("truncated", self.truncated);
        visit("ones", self.ones);
    }
};

/// The first of the sequences' numbers i that lies within two standard deviations.
float truncated(philox numbers, std::size_t i) {
    while (std::abs(numbers.normal(i)) > 2) numbers.stream += 0x9E3779B97F4A7C15u;
    return numbers.normal(i);
}

} // namespace

TEST_CASE("starting values have the bits of those drawn one after another", "[start]") {
    for (const parameter_row& row : parameter_table<three>()) {
        std::vector<float> made(row.size, 7.0f), right;
        const start_rule rule(row, seed{5});
        detail::start_on_host(rule, row.size, made.data());
        const philox numbers{5, hash(row.name)};
        const double bound = std::sqrt(6.0 / 1300);
        for (std::size_t i = 0; i < row.size; ++i)
            right.push_back(row.name == "ones" ? 1.0f
                            : row.name == "uniform"
                                ? static_cast<float>(bound * (2.0 * static_cast<double>(numbers.uniform(i)) - 1.0))
                                : static_cast<float>(0.02 * static_cast<double>(truncated(numbers, i))));
        INFO(row.name);
        CHECK(made == right);
        std::vector<double> wide(row.size);
        detail::start_on_host(rule, row.size, wide.data());
        CHECK(static_cast<float>(wide.back()) == right.back());
    }
}

TEST_CASE("every piece of host work is done once", "[start]") {
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{1} << 16, (std::size_t{1} << 18) + 3}) {
        std::vector<int> done(count);
        detail::on_host_threads(count, [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) ++done[i];
        });
        CHECK(std::all_of(done.begin(), done.end(), [](int times) { return times == 1; }));
    }
}
