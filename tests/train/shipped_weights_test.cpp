// The demo's weights that come with the sources: they are read, whole, by the models of today.
#include "../catch.hpp"

#include <walt/config/demo.hpp>
#include <walt/io/weights.hpp>
#include <walt/ops/reference/context.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/transformer/denoiser.hpp>

using namespace walt;

namespace {
/// Every parameter of the model has the numbers of its tensor in the file.
template <class Model> void check_against(const std::string& path, const Model& model) {
    const safetensors_file file(path);
    CHECK(file.tensors().size() == model.table().size());
    for (const parameter_row& row : model.table()) {
        const std::vector<float> stored = file.read<float>(row.name, row.shape);
        std::vector<float> loaded(row.size);
        model.get(row, loaded);
        bool equal = true;
        for (std::size_t i = 0; i < row.size; ++i) equal = equal && loaded[i] == stored[place_in_file(row, i)];
        CAPTURE(row.name);
        CHECK(equal);
    }
}
struct other_windows : presets::demo { // tensors of the same names and shapes
    static constexpr window spatiotemporal_window{5, 3, 3};
};
} // namespace

TEST_CASE("the shipped weights are read", "[train]") {
    reference::context ctx;
    const std::string folder = "examples/weights/";
    tokenizer tokens(ctx, presets::demo_tokenizer{}, compute<float>);
    load_weights(folder + "tokenizer.safetensors", tokens);
    check_against(folder + "tokenizer.safetensors", tokens);
    CHECK(tokens.measured());

    denoiser model(ctx, presets::demo{}, compute<bf16>);
    load_weights(folder + "denoiser.safetensors", model);
    check_against(folder + "denoiser.safetensors", model);
}

TEST_CASE("a file of another config is refused, however the model's type is written", "[train]") {
    reference::context ctx;
    const weights_file file("examples/weights/denoiser.safetensors");
    CHECK_NOTHROW(denoiser<reference::context, presets::demo, bf16, inference>(ctx, file));
    const auto* refusal = "holds another model: st_window is [6,6] in the file and [3,3] in the model";
    CHECK_THROWS_WITH((denoiser<reference::context, other_windows, bf16, inference>(ctx, file)),
                      Catch::Matchers::Contains(refusal));
    CHECK_THROWS_WITH(denoiser(ctx, other_windows{}, compute<bf16>, file), Catch::Matchers::Contains(refusal));
}
