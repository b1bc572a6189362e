// expect: an observer is a callable (trainer&, const step_result&), or has on_step, begin, resume, after_step, word, end or each_state
#include <walt/core/model.hpp>
#include <walt/meta.hpp>
#include <walt/train/trainer.hpp>

struct part {
    walt::parameter<walt::role::matrix, walt::init::zero, 1, 1> weight;
    static constexpr void each(auto& self, auto&& visit) { visit("weight", self.weight); }
};
struct misspelt {
    void on_steps(auto&, const walt::step_result&) {}
};

int main() {
    walt::meta::context ctx;
    walt::model<walt::meta::context, part, float> net(ctx, walt::seed{1});
    const auto goal = [](auto&, int, auto, walt::philox, auto) {};
    walt::trainer run(net, goal);
    run.run([](std::int64_t) { return 0; }, walt::steps{1}, misspelt{});
}
