// Adafactor in both styles: the parameters of the golden files after each of six steps, and what a step may not do.
#include "catch.hpp"

#include <walt/core/model.hpp>
#include <walt/ops/cpu/adafactor.hpp>
#include <walt/ops/cpu/optimizer.hpp>
#include <walt/ops/cpu/pointwise.hpp>
#include <walt/ops/reference/adafactor.hpp>
#include <walt/ops/reference/optimizer.hpp>
#include <walt/ops/reference/pointwise.hpp>

#include "adafactor_golden.hpp"

#include <limits>

using namespace walt;
using namespace walt::testing;

TEST_CASE("Adafactor's six steps are those of the golden files") {
    CHECK(adafactor_error<reference::context, double>("adafactor_t5x", t5x()) < 1e-6);
    CHECK(adafactor_error<reference::context, float>("adafactor_t5x", t5x()) < 1e-5);
    CHECK(adafactor_error<cpu::context, float>("adafactor_t5x", t5x()) < 1e-5);
    CHECK(adafactor_error<cpu::context, bf16>("adafactor_t5x", t5x()) < 1e-5); // the masters are float
    CHECK(adafactor_error<reference::context, double>("adafactor_big_vision", big_vision()) < 1e-6);
    CHECK(adafactor_error<reference::context, float>("adafactor_big_vision", big_vision()) < 1e-5);
    CHECK(adafactor_error<cpu::context, float>("adafactor_big_vision", big_vision()) < 1e-5);
}

TEST_CASE("Adafactor keeps two vectors of a matrix, and of others as much as they have") {
    reference::context ctx;
    model<reference::context, adafactor_tensors, float> one(ctx, seed{1});
    trainer factored(one, given_gradient{}, t5x(), training{});
    std::map<std::string, std::int64_t, std::less<>> sizes;
    const auto read = [&](std::string_view name, auto&& state) {
        if constexpr (requires { state.size(); }) sizes[std::string(name)] = state.size();
    };
    factored.each_state(read);
    CHECK(sizes["second_moment_of_rows"] == 40);
    CHECK(sizes["second_moment_of_columns"] == 36);
    CHECK(sizes["second_moment"] == 17 + 4 * 3 * 27 + 6 * 48);
    CHECK_FALSE(sizes.contains("momentum"));
    trainer with_momentum(one, given_gradient{}, big_vision(), training{});
    with_momentum.each_state(read);
    CHECK(sizes["momentum"] == static_cast<std::int64_t>(one.extent));
}

TEST_CASE("decay of Adafactor is decoupled, of matrices and kernels only") {
    reference::context ctx;
    model<reference::context, adafactor_tensors, double> one(ctx, seed{1});
    const std::vector<double> before = one.host_masters();
    adafactor how = adafactor::big_vision(0.5f);
    how.weight_decay = 0.1f;
    trainer train(one, given_gradient{}, how, training{.rate = {.warmup = 0, .total = 10, .floor = 1}});
    train.step([&](std::int64_t) { return std::vector<double>(one.extent); });
    const auto after = one.host_masters();
    for (const parameter_row& row : one.table()) {
        CAPTURE(row.name);
        const double kept = row.name == "bias" ? 1.0 : 1 - 0.5 * static_cast<double>(0.1f);
        for (std::size_t i = 0; i < row.size; ++i)
            CHECK(after[row.offset + i] == Approx(kept * before[row.offset + i]));
    }
}

TEST_CASE("a step of Adafactor that is not finite changes nothing") {
    const auto unchanged = []<class Context, class T>(Context& ctx, T) {
        using A = accumulate_t<T>;
        model<Context, adafactor_tensors, T> one(ctx, seed{1});
        trainer train(one, given_gradient{}, big_vision(), training{});
        std::vector<A> gradient(one.extent, A(0.5));
        train.step([&](std::int64_t) { return gradient; });
        const auto state = [&] {
            std::vector<double> all;
            train.each_state([&](std::string_view, auto&& of) {
                if constexpr (requires { of.data(); }) all.insert(all.end(), of.data(), of.data() + of.size());
            });
            return all;
        };
        const std::vector<double> before = state();
        gradient[70] = std::numeric_limits<A>::infinity();
        CHECK(train.step([&](std::int64_t) { return gradient; }).skipped);
        CHECK(state() == before);
    };
    reference::context plain;
    cpu::context ctx;
    unchanged(plain, double{});
    unchanged(ctx, bf16{});
}
