// How parameters start on the GPU, and what a training takes of its memory.
#include "../catch.hpp"
#include "../train/tiny_denoiser.hpp"

#include <walt/core/counting_context.hpp>
#include <walt/cuda.cuh>
#include <walt/train/ema.hpp>
#include <walt/train/needs.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

#include <cstring>

namespace tests {
using namespace walt;

/// Every way to start, some matrices and a kernel.
struct starts {
    parameter<role::bias, init::zero, 70> zero;
    parameter<role::norm, init::one, 70> one;
    parameter<role::matrix, init::xavier, 30, 100> uniform;
    parameter<role::kernel, init::xavier, 6, 5, 3, 3, 3> kernel;
    parameter<role::embedding, init::normal, 9, 35> normal;
    parameter<role::matrix, init::truncated, 31, 67> truncated;
    parameter<role::matrix, init::truncated_fan_in, 31, 67> fan_in;
    static constexpr void each(auto& self, auto&& visit) {
        visit("zero", self.zero);
        visit("one", self.one);
        visit("uniform", self.uniform);
        visit("kernel", self.kernel);
        visit("normal", self.normal);
        visit("truncated", self.truncated);
        visit("fan_in", self.fan_in);
    }
};

namespace {

template <class T, class Storage> void check_starts() {
    walt::cuda::context device;
    reference::context plain;
    const model<walt::cuda::context, starts, T, Storage> mine(device, seed{5});
    const model<reference::context, starts, T, Storage> theirs(plain, seed{5});
    CHECK((mine.host_masters() == theirs.host_masters()));
    std::vector<T> copies(mine.extent);
    device.download(copies.data(), mine.weights().compute, copies.size() * sizeof(T));
    CHECK(std::memcmp(copies.data(), theirs.weights().compute, copies.size() * sizeof(T)) == 0);
    CHECK((theirs.host_masters() != model<reference::context, starts, T, Storage>(plain, seed{6}).host_masters()));
}

void one_step(auto& device) {
    denoiser model(device, tiny{}, compute<bf16>, seed{1});
    trainer training(model, denoising{.self_conditioning_rate = 1, .keep = activations::rematerialise}, adamw{});
    ema average(model);
    training.step(tiny_batch);
}

} // namespace

TEST_CASE("cuda: parameters start with the host's bits", "[cuda][memory]") {
    check_starts<float, resident>();
    check_starts<bf16, resident>();
    check_starts<float, inference>();
    check_starts<bf16, inference>();
}

TEST_CASE("cuda: a training takes the memory that the meta device counts", "[cuda][memory]") {
    counting_context<walt::cuda::context> device;
    one_step(device);
    const training_needs needs = needs_of([](auto& meta) { one_step(meta); });
    CHECK(needs.kept == device.allocated->most);
    CHECK(needs.activations >= device.arena.peak());
    CHECK(needs.activations < 4 * device.arena.peak());
}

TEST_CASE("cuda: blocks that run forward twice give the bits of blocks that keep all", "[cuda][memory]") {
    const auto trained = [](activations keep) {
        walt::cuda::context device;
        denoiser model(device, tiny{}, compute<bf16>, seed{1});
        trainer training(model, denoising{.keep = keep}, adamw{.learning_rate = 1e-3f});
        ema average(model);
        REQUIRE(training.run(tiny_batch, steps{5}, average));
        return std::pair{model.host_masters(), average.model().host_masters()};
    };
    CHECK((trained(activations::all) == trained(activations::rematerialise)));
}

TEST_CASE("cuda: an average is read by passes as it is", "[cuda][memory]") {
    walt::cuda::context device;
    denoiser model(device, tiny{}, compute<bf16>, seed{1});
    trainer training(model, denoising{}, adamw{.learning_rate = 1e-2f});
    ema average(model, {.decay = 0.5f});
    REQUIRE(training.run(tiny_batch, steps{3}, average));
    for (int time = 0; time < 2; ++time) {
        auto& read = average.model();
        const std::vector<float> masters = read.host_masters();
        std::vector<bf16> copies(masters.size());
        device.download(copies.data(), read.copies().data(), copies.size() * sizeof(bf16));
        bool same = true;
        for (std::size_t i = 0; i < masters.size(); ++i) same = same && copies[i].bits == bf16(masters[i]).bits;
        CHECK(same);
        REQUIRE(training.run(tiny_batch, steps{5}, average)); // the average moves on
    }
}

} // namespace tests
