// expect: an objective trains models of its own network: walt::denoising a walt::denoiser, walt::reconstruction and walt::tokenizing a walt::tokenizer
#include <walt/config/demo.hpp>
#include <walt/meta.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

int main() {
    walt::meta::context ctx;
    walt::denoiser model(ctx, walt::presets::demo{}, walt::compute<float>);
    walt::trainer trainer(model, walt::reconstruction{});
    return trainer.run([](std::int64_t) { return walt::clips{}; }, walt::steps{1}) ? 0 : 1;
}
