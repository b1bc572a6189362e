// expect: an objective is called as objective(model, batch, gradients, philox, loss) with the source's batches
#include <walt/core/model.hpp>
#include <walt/meta.hpp>
#include <walt/train/trainer.hpp>

struct part {
    walt::parameter<walt::role::matrix, walt::init::zero, 1, 1> weight;
    static constexpr void each(auto& self, auto&& visit) { visit("weight", self.weight); }
};

int main() {
    walt::meta::context ctx;
    walt::model<walt::meta::context, part, float> net(ctx, walt::seed{1});
    const auto goal = [](auto&, const std::string&, auto, walt::philox, auto) {};
    walt::trainer run(net, goal);
    return run.run([](std::int64_t) { return 0.5; }, walt::steps{1}) ? 0 : 1;
}
