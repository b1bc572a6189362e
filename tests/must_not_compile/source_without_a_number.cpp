// expect: a source of batches is called with the number of a batch, source(std::int64_t n), and gives that batch
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
    const auto goal = [](auto&, int, auto, walt::philox, auto) {};
    walt::trainer run(net, goal);
    return run.run([] { return 0; }, walt::steps{1}) ? 0 : 1;
}
