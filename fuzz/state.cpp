// A training's state and a model's weights: what is refused changes nothing, and what is taken is finite.
#include "file_of.hpp"

#include <train/regression.hpp>
#include <walt/io/weights.hpp>
#include <walt/ops/reference/optimizer.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/reference.hpp>
#include <walt/train/state.hpp>

#include <cmath>

using namespace walt;
using namespace walt::testing;

void test(std::span<const std::uint8_t> bytes) {
    static reference::context ctx;
    static regressor<reference::context, float> model(ctx, seed{5});
    static trainer run(model, squared_error{0.3}, adamw{}, training{.seed = seed{11}});
    const auto path = fuzz::file_of(bytes);
    const std::vector<float> before = model.host_masters();
    const std::int64_t steps = run.step_count();
    if (!fuzz::may_refuse([&] { load_state(path, run); }))
        fuzz::holds(model.host_masters() == before && run.step_count() == steps);
    fuzz::may_refuse([&] { load_weights(path, model); });
    for (const float value : model.host_masters()) fuzz::holds(std::isfinite(value));
}
