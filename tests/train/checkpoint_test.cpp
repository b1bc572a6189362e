// Files of weights: round trips, PyTorch's order, and the sentences that refuse what does not fit.
#include "catch.hpp"

#include <walt/reference.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/train/checkpoint.hpp>
#include <walt/transformer/denoiser.hpp>

#include <fstream>

using namespace walt;

namespace {

struct tiny : denoiser_config {
    static constexpr int frames = 2, height = 2, width = 4, channels = 3, hidden = 16, heads = 2, depth = 2;
    static constexpr window spatiotemporal_window{0, 2, 2};
};
struct deeper : tiny {
    static constexpr int depth = 3, adaln_rank = 4;
};
struct tiny_tokenizer : tokenizer_config {
    static constexpr int channels = 4, blocks = 1, latent = 3, norm_groups = 2;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
};

std::filesystem::path file_name(const char* name) {
    return std::filesystem::temp_directory_path() / (std::string("walt_checkpoint_") + name);
}

} // namespace

TEST_CASE("weights come back as they were saved") {
    reference::context ctx;
    denoiser saved(ctx, tiny{}, compute<float>, seed{1}), loaded(ctx, tiny{}, compute<float>, seed{2});
    const auto path = file_name("weights.safetensors");
    save_weights<float>(path, saved);
    load_weights(path, loaded);
    CHECK(loaded.host_masters() == saved.host_masters());

    save_weights<bf16>(path, saved);
    load_weights(path, loaded);
    const auto exact = saved.host_masters(), rounded = loaded.host_masters();
    for (std::size_t i = 0; i < exact.size(); i += 11) CHECK(rounded[i] == static_cast<float>(bf16(exact[i])));
}

TEST_CASE("kernels are stored in PyTorch's order") {
    reference::context ctx;
    tokenizer model(ctx, tiny_tokenizer{}, compute<float>, seed{1});
    const auto path = file_name("tokenizer.safetensors");
    save_weights<float>(path, model);
    const safetensors_file file(path);
    const auto& kernel = model.network().encoder.stem; // [out 4, in 3, 3, 3, 3]
    const auto stored = file.read<float>("encoder.stem.weight", std::vector<std::int64_t>{4, 3, 3, 3, 3});
    const auto memory = model.weights()(kernel.weight); // [out, t, y, x, in]
    for (int o = 0; o < 4; ++o)
        for (int c = 0; c < 3; ++c)
            for (int t = 0; t < 3; ++t)
                for (int y = 0; y < 3; ++y)
                    for (int x = 0; x < 3; ++x)
                        CHECK(stored[static_cast<std::size_t>((((o * 3 + c) * 3 + t) * 3 + y) * 3 + x)] ==
                              memory(o, t, y, x, c));
}

TEST_CASE("what does not fit is refused, and the model stays as it was") {
    reference::context ctx;
    denoiser model(ctx, tiny{}, compute<float>, seed{1});
    denoiser other(ctx, deeper{}, compute<float>, seed{2});
    const auto before = model.host_masters();
    const auto path = file_name("other.safetensors");
    save_weights<float>(path, other);
    CHECK_THROWS_WITH(load_weights(path, model), Catch::Contains("depth is 3 in the file and 2 in the model") &&
                                                     Catch::Contains("adaln_rank is 4 in the file and 2 in the model"));

    const auto write = [&](auto&& change) { // the model's own tensors, one of them changed
        save_weights<float>(path, model);
        const safetensors_file file(path);
        safetensors_writer writer;
        std::vector<std::vector<float>> keep;
        for (const auto& [name, tensor] : file.tensors()) keep.push_back(file.read<float>(name));
        std::size_t i = 0;
        for (const auto& [name, tensor] : file.tensors()) change(writer, name, tensor.shape, keep[i++]);
        writer.save(path);
    };
    write([](auto& writer, const std::string& name, auto shape, auto& values) {
        if (name != "final.out.bias") writer.template add<float>(name, shape, values);
    });
    CHECK_THROWS_WITH(load_weights(path, model), Catch::Contains("no tensor final.out.bias"));
    write([](auto& writer, const std::string& name, auto shape, auto& values) {
        if (name == "pos_time") shape = {1, 32};
        writer.template add<float>(name, shape, values);
    });
    CHECK_THROWS_WITH(load_weights(path, model),
                      Catch::Contains("pos_time") && Catch::Contains("[2, 16]") && Catch::Contains("[1, 32]"));
    write([](auto& writer, const std::string& name, auto shape, auto& values) {
        writer.template add<float>(name == "pos_time" ? "pos_clock" : name, shape, values);
    });
    CHECK_THROWS_AS(load_weights(path, model), error);
    CHECK_THROWS_WITH(load_weights(file_name("absent.safetensors"), model), Catch::Contains("cannot be opened"));
    CHECK(model.host_masters() == before);
}

TEST_CASE("a truncated file is refused") {
    reference::context ctx;
    denoiser model(ctx, tiny{}, compute<float>, seed{1});
    const auto path = file_name("truncated.safetensors");
    save_weights<float>(path, model);
    const auto size = std::filesystem::file_size(path);
    for (const std::uintmax_t kept : {size - 1, size / 2, std::uintmax_t{100}, std::uintmax_t{7}, std::uintmax_t{0}}) {
        std::filesystem::resize_file(path, kept);
        CHECK_THROWS_AS(load_weights(path, model), error);
    }
}
