// expect: walt::clips (of walt::batches) to walt::reconstruction and walt::tokenizing; these batches are others
#include <walt/config/demo.hpp>
#include <walt/meta.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/train/trainer.hpp>

int main() {
    walt::meta::context ctx;
    walt::tokenizer model(ctx, walt::presets::demo_tokenizer{}, walt::compute<float>);
    walt::trainer trainer(model, walt::reconstruction{});
    return static_cast<int>(trainer.step([](std::int64_t) { return walt::latents{}; }).loss);
}
