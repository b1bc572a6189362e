// A model whose blocks stay in their file answers on the CUDA device as the resident one does, to the last bit.
#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/cuda.cuh>
#include <walt/io/mapped.hpp>
#include <walt/transformer/denoiser.hpp>

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace tests {
using namespace walt;

namespace {

struct deep : denoiser_config {
    static constexpr int frames = 2, height = 4, width = 4, channels = 4, hidden = 32, heads = 2, depth = 5,
                         classes = 3;
    static constexpr window spatiotemporal_window{0, 2, 2};
};

/// The network's answer about random latents.
template <class Model> std::vector<float> answer(const Model& model, std::uint64_t about) {
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    std::vector<float> noisy(std::size_t{2} * deep::frames * deep::height * deep::width * deep::channels);
    for (std::size_t i = 0; i < noisy.size(); ++i) noisy[i] = philox{about, 1}.normal(i);
    typename Model::input in;
    in.noisy = typename Model::input::latent(to_device<float>(ctx, noisy).data(), 2);
    in.step = to_device<std::int32_t>(ctx, std::vector<int>{10, 10, 700, 500}).read();
    in.is_image = to_device<std::uint8_t>(ctx, std::vector<int>{0, 1}).read();
    in.label = to_device<std::int32_t>(ctx, std::vector<int>{0, 0, 1, 3}).read();
    const typename Model::latent v(to_device<float>(ctx, noisy).data(), 2);
    model.predict(in, v);
    ctx.download(noisy.data(), v.data(), noisy.size() * sizeof(float));
    return noisy;
}

template <class T> void same_answers() {
    CAPTURE(dtype_name<T>());
    const temporary_folder folder;
    const auto path = folder.path / "weights";
    walt::cuda::context ctx, other;
    denoiser model(ctx, deep{}, compute<T>, seed{1});
    auto values = model.host_masters(); // also those that start as zeros become random
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += 0.1f * philox{5, 6}.normal(i);
    model.assign(values);
    save_weights<float>(path, model);
    const denoiser mapping(other, deep{}, compute<T>, mapped_weights(path));
    STATIC_REQUIRE(std::is_same_v<typename decltype(mapping)::storage_type, mapped>);
    for (std::uint64_t pass = 0; pass < 3; ++pass) { // the slots of one pass are used again by the next
        const auto expected = answer(model, pass);
        CHECK(std::any_of(expected.begin(), expected.end(), [](float x) { return std::abs(x) > 0.1f; }));
        CHECK(answer(mapping, pass) == expected);
    }
    CHECK(mapping.host_masters() == model.host_masters());
}

} // namespace

TEST_CASE("cuda: a model whose blocks stay in their file answers as the resident one", "[cuda][mapped]") {
    same_answers<float>();
    same_answers<bf16>();
}

} // namespace tests
